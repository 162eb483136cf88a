import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { FolderNames } from "../../harness/api.ts";
import { walkJson } from "../../harness/coco/json/json.ts";
import type { AnnotationIndexes } from "../../harness/coco/read/annotationIndexes.ts";
import { HarnessError } from "../../harness/errors.ts";

export type AnnotationFormat = "coco" | "lvis";

/**
 * Patterns of the names of annotation files, the preferred first; the last fits any JSON. Within one line the content decides,
 * and two files that fit are an error.
 */
const preference: Readonly<Record<AnnotationFormat, readonly RegExp[]>> = {
  coco: [
    /^instances_val2017\.json$/,
    /^instances_val.*\.json$/,
    /^(coco|instances)\.json$/,
    /^instances_.*\.json$/,
    /./,
  ],
  lvis: [
    /^lvis_v1_val\.json$/,
    /^lvis_v0\.5_val\.json$/,
    /^lvis\.json$/,
    /^lvis_.*val.*\.json$/,
    /^lvis.*\.json$/,
    /./,
  ],
};

/** Patterns of the annotation files of training photos, which a calibration may see. */
const training: Readonly<Record<AnnotationFormat, readonly RegExp[]>> = {
  coco: [/^instances_train2017\.json$/, /^instances_train.*\.json$/],
  lvis: [/^lvis_v1_train\.json$/, /^lvis_.*train.*\.json$/],
};

/** Tells by names alone whether a folder, or one right below it, has an annotation file of this format. */
export function hasAnnotationFile({ files, folders }: FolderNames, format: AnnotationFormat): boolean {
  // The last pattern fits any JSON, which may be anything.
  const patterns = preference[format].slice(0, -1);
  return [...files, ...[...folders.values()].flat()].some((name) => {
    return patterns.some((pattern) => pattern.test(name.toLowerCase()));
  });
}

export interface Located {
  /** The annotation file. */
  readonly file: string;
  /** The folder below which the photos lie. */
  readonly root: string;
}

/**
 * Finds the annotation file of `--data`, which is that file or a folder that holds it at any depth.
 * A file whose index is kept is not read through. Throws HarnessError if there is none (with what was found instead)
 * or if several fit equally.
 */
export async function locateAnnotations(
  data: string | undefined,
  format: AnnotationFormat,
  indexes?: AnnotationIndexes,
): Promise<Located> {
  if (data === undefined) {
    throw new HarnessError(`dataset ${format}: needs --data`, {
      hint: "a folder with photos and annotation JSON, or the JSON itself",
    });
  }
  const found = await stat(data).catch((cause: Error) => {
    throw new HarnessError(`--data ${data}: no such file or folder`, { cause });
  });
  if (!found.isDirectory()) return { file: data, root: photoRoot(data) };
  const files = await jsonFilesBelow(data);
  const rejected: string[] = [];
  for (const { candidates, named } of inOrder(files, preference[format])) {
    const fits: string[] = [];
    for (const candidate of candidates) {
      const file = join(data, candidate);
      const known = await indexes?.formatOf(file);
      const reason =
        known === undefined ? await whyNot(file, format, named ? "throw" : "pass over") : whyOther(known, format);
      if (reason === undefined) fits.push(candidate);
      else rejected.push(`${candidate} (${reason})`);
    }
    if (fits.length > 1) throw ambiguous(data, fits);
    if (fits[0] !== undefined) return { file: join(data, fits[0]), root: data };
  }
  throw new HarnessError(`--data ${data}: no ${format === "coco" ? "COCO instances" : "LVIS"} JSON below it`, {
    found: rejected.length === 0 ? "no JSON file" : rejected.slice(0, 5).join("; "),
    expected: "a file with images, annotations and categories",
  });
}

/**
 * Finds the annotation file of the training photos in the same places. Throws HarnessError where `--data` has none: what a
 * calibration may take instead is the user's to say.
 */
export async function locateTraining(data: string | undefined, format: AnnotationFormat): Promise<Located> {
  if (data === undefined) return locateAnnotations(data, format);
  const found = await stat(data).catch(() => undefined);
  if (found === undefined) return locateAnnotations(data, format);
  const files = found.isDirectory() ? await jsonFilesBelow(data) : [basename(data)];
  for (const { candidates } of inOrder(files, [...training[format], /./]).slice(0, -1)) {
    if (candidates.length > 1) throw ambiguous(data, candidates);
    const [only] = candidates;
    if (only !== undefined)
      return found.isDirectory() ? { file: join(data, only), root: data } : { file: data, root: photoRoot(data) };
  }
  throw noTraining(data, files.length === 0 ? "no JSON file" : files.slice(0, 5).join(", "), format);
}

export function noTraining(data: string, found: string, format: AnnotationFormat): HarnessError {
  const name = format === "coco" ? "instances_train2017.json" : "lvis_v1_train.json";
  return new HarnessError(`--data ${data}: has no training photos to calibrate on`, {
    found,
    expected: `${name} and photos that it names`,
    hint: "--calibration shapes draws scenes instead, and --calibration-data FOLDER takes any annotated photos that you do not score",
  });
}

/** The usual layout has annotations/ beside the folders of photos. */
function photoRoot(file: string): string {
  const folder = dirname(file);
  return /^annotations?$/i.test(basename(folder)) ? dirname(folder) : folder;
}

async function jsonFilesBelow(data: string): Promise<readonly string[]> {
  const files = await readdir(data, { recursive: true });
  return files.filter((file) => /\.json$/i.test(file)).sort();
}

interface Group {
  readonly candidates: readonly string[];
  /** True where the name says that this is the file. */
  readonly named: boolean;
}

/** Groups of equal preference; a file stands in the first that it fits. */
function inOrder(files: readonly string[], patterns: readonly RegExp[]): readonly Group[] {
  const rank = (file: string) => patterns.findIndex((pattern) => pattern.test(basename(file).toLowerCase()));
  return patterns.map((_, index) => {
    return { candidates: files.filter((file) => rank(file) === index), named: index < patterns.length - 1 };
  });
}

/**
 * Returns why a file is no annotation file of this format; undefined if it is one. Broken JSON is thrown where the name says
 * that this is the file: another must not silently take its place.
 */
async function whyNot(
  file: string,
  format: AnnotationFormat,
  broken: "throw" | "pass over",
): Promise<string | undefined> {
  let federated = false;
  const look = (field: string) => (element: unknown) => {
    federated ||= typeof element === "object" && element !== null && field in element;
  };
  try {
    const elements = { images: look("neg_category_ids"), categories: look("frequency") };
    const kinds = await walkJson(file, { elements });
    const missing = ["images", "annotations", "categories"].filter((key) => kinds.get(key) !== "array");
    if (missing.length > 0) return `no ${missing.join(", ")}`;
  } catch (error) {
    if (!(error instanceof HarnessError) || broken === "throw") throw error;
    return error.message.replace(`${file}: `, "");
  }
  return whyOther(federated ? "lvis" : "coco", format);
}

function whyOther(found: AnnotationFormat, format: AnnotationFormat): string | undefined {
  if (found === format) return undefined;
  return found === "lvis" ? "LVIS" : "COCO, not LVIS";
}

function ambiguous(data: string, files: readonly string[]): HarnessError {
  return new HarnessError(`--data ${data}: several annotation files fit`, {
    found: files.join(", "),
    hint: `name one: --data ${join(data, files[0]!)}`,
  });
}
