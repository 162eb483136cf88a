import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { buildVariant } from "../../build/build.ts";
import { type CalibrationRequest, calibrationFile, calibrationFor } from "../../build/calibration.ts";
import { AnnotationIndexes } from "../../coco/index.ts";
import { integer } from "../../stats/random.ts";
import { canonicalJson, sha256 } from "../../store/canonical.ts";
import { seededCheckpoint } from "../../weights/index.ts";
import type { Attack } from "../parser.ts";
import { drawEdits, type Edit, edited, type Kind } from "./edits.ts";
import { toyVariant } from "./toyVariant.ts";

/** One case: it damages a file of a cache. `file` is the file's place among the cache's files, from 0 to below 1. */
interface Case {
  readonly cache: keyof typeof caches;
  readonly file: number;
  readonly remove: boolean;
  readonly edits: readonly Edit[];
}

const kinds: readonly Kind[] = ["flip", "flip", "byte", "cut", "grow", "zero"];

/** Flips bits and removes bytes and files of caches: what is damaged must be made again or refused, and is never used. */
export const cachedFiles: Attack = {
  id: "cached-files",
  describe: "flipped bits and lost bytes in cached graphs, external data, calibrations and annotation indexes",
  cases: 300,
  draw(random) {
    const names = Object.keys(caches) as (keyof typeof caches)[];
    const given: Case = {
      cache: names[integer(random, names.length)]!,
      file: random.next(),
      remove: integer(random, 20) === 0,
      edits: drawEdits(random, kinds),
    };
    return Buffer.from(JSON.stringify(given));
  },
  async read(bytes, folder) {
    const given = JSON.parse(bytes.toString()) as Case;
    process.env.SAM_BENCH_HOME = join(folder, "home");
    const cache = caches[given.cache];
    const before = await cache.use(join(folder, given.cache));
    damage(cache.filesIn(join(folder, given.cache)), given);
    try {
      const after = await cache.use(join(folder, given.cache));
      if (after !== before) throw new Error(`${given.cache}: damaged files are used`);
    } catch (error) {
      // What is refused stays refused: the next case begins with sound files.
      rmSync(join(folder, given.cache), { recursive: true, force: true });
      throw error;
    }
  },
};

function damage(files: readonly string[], { file, remove, edits }: Case): void {
  const path = files[Math.floor(file * files.length)]!;
  if (remove) rmSync(path);
  else writeFileSync(path, edited(readFileSync(path), edits));
}

/** One kind of cache. */
interface Cache {
  /** Makes the cached files where they are missing, and returns what a command gets from them. */
  use(folder: string): Promise<string>;
  filesIn(folder: string): readonly string[];
}

function allFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

const contentOf = (files: readonly string[]) => files.map((file) => sha256(readFileSync(file))).join(" ");

const caches = {
  graphs: {
    async use(folder) {
      const variant = toyVariant(join(folder, "plugin"));
      const cache = join(folder, "graphs");
      const { files } = await buildVariant({
        variant,
        checkpoint: seededCheckpoint(),
        weightsId: "seeded 1",
        graph: "fused",
        cache,
      });
      // A session would read all of these files, external data too.
      const [first = ""] = Object.values(files);
      return contentOf(allFiles(dirname(first)));
    },
    filesIn: (folder) => allFiles(join(folder, "graphs")),
  },
  calibrations: {
    async use(folder) {
      const request = calibrationRequest(folder);
      const file = calibrationFile(request);
      mkdirSync(dirname(file), { recursive: true });
      if (!existsSync(file)) writeFileSync(file, calibrationText());
      return canonicalJson(await calibrationFor(request));
    },
    filesIn: (folder) => allFiles(join(folder, "calibrations")),
  },
  indexes: {
    async use(folder) {
      mkdirSync(folder, { recursive: true });
      const file = join(folder, "instances.json");
      if (!existsSync(file)) writeFileSync(file, annotationText());
      const indexes = new AnnotationIndexes(join(folder, "indexes"), () => undefined);
      const { images, categories, annotationsOf } = await indexes.open(file);
      return canonicalJson({ images, categories, annotations: images.map(({ id }) => numbered(annotationsOf(id))) });
    },
    filesIn: (folder) => allFiles(join(folder, "indexes")),
  },
} satisfies Record<string, Cache>;

/** Turns typed arrays into lists, which have a canonical form. */
function numbered(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, each) => (ArrayBuffer.isView(each) ? [...(each as Uint32Array)] : each)));
}

const weightsId = "seeded 1";

function calibrationRequest(folder: string): CalibrationRequest {
  return {
    variant: toyVariant(join(folder, "plugin"), { automatic: false, images: 1 }),
    checkpoint: seededCheckpoint(),
    weightsId,
    // Its own calibration is stored: no data set is opened, and nothing is run.
    registry: {
      variants: new Map(),
      datasets: new Map(),
      datasetFiles: new Map(),
      methods: [],
      protocols: [],
      metrics: [],
    },
    runtime: { provider: "cpu", threads: 1 },
    progress: () => undefined,
    note: () => undefined,
    signal: new AbortController().signal,
    store: join(folder, "calibrations"),
  };
}

function calibrationText(): string {
  const stored = {
    schema: 1,
    variant: "fuzz/toy",
    weights: weightsId,
    dataset: { id: "coco", fingerprint: "f1", images: [1, 2] },
    imageHashes: ["aa", "bb"],
    seed: 0,
    options: { bits: "8" },
    values: { scale: [0.5, 0.25], zero: 3 },
  };
  return JSON.stringify({ ...stored, sha256: sha256(canonicalJson(stored)) });
}

function annotationText(): string {
  const images = [1, 2, 3].map((id) => ({ id, file_name: `${id}.jpg`, height: 20, width: 30 }));
  const annotations = images.map(({ id }) => ({
    id,
    image_id: id,
    category_id: 1,
    iscrowd: 0,
    area: 50,
    bbox: [id, 2, 10, 5],
    segmentation: [[id, 2, id + 10, 2, id + 10, 7, id, 7]],
  }));
  return JSON.stringify({ images, annotations, categories: [{ id: 1, name: "a" }] });
}
