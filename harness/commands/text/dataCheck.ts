import { type CheckedFile, type Finding, findingKinds, photoSplits } from "../../check/index.ts";
import { wrap } from "../../report/table/formats/layout.ts";

/** Answer of a check about one annotation file. */
export interface CheckAnswer {
  readonly file: string;
  /** Absent where the file could not be read. */
  readonly checked?: CheckedFile;
  /** Count of the photos that are there; absent where nobody looked. */
  readonly photos?: number | undefined;
  readonly findings: readonly Finding[];
}

/** Characters of a line where there is no terminal. */
const defaults = { width: 120 };

/** Writes a paragraph for each file: what it holds, then faults and notes with their first places, then a last line. */
export function checkText(answers: readonly CheckAnswer[], width: number = defaults.width): string {
  return [...answers.map((answer) => fileText(answer, width)), verdict(answers)].join("\n\n");
}

function fileText({ file, checked, photos, findings }: CheckAnswer, width: number): string {
  const held = checked === undefined ? [] : [heldText(checked), photoText(checked.images.length, photos)];
  return [
    file,
    ...held.map((text) => `  ${wrap(text, width - 2, "  ")}`),
    ...findings.flatMap((finding) => findingLines(finding, width)),
  ].join("\n");
}

function heldText({ format, images, annotations, crowds, categories, split }: CheckedFile): string {
  const kind = format === "coco" ? "COCO instances" : "LVIS";
  const [photoSplit, ...others] = photoSplits(images);
  const of = split?.title ?? (photoSplit === undefined || others.length > 0 ? undefined : `photos of ${photoSplit}`);
  const counts = [
    `${count(images.length)} images`,
    `${count(annotations)} annotations${crowds > 0 ? `, ${count(crowds)} of them crowds` : ""}`,
    `${count(categories.length)} categories`,
  ];
  return `${kind}${of === undefined ? "" : ` (${of})`}: ${counts.join(", ")}`;
}

function photoText(images: number, photos: number | undefined): string {
  if (photos === undefined) return "photos were not looked at";
  return `photos: ${count(photos)} of ${count(images)} are there; each was decoded whole`;
}

function findingLines({ kind, severity, count: found, examples }: Finding, width: number): string[] {
  const more = found > examples.length ? [`and ${count(found - examples.length)} more`] : [];
  return [
    `  ${severity}: ${findingKinds[kind]}, ${count(found)} (${kind})`,
    ...[...examples, ...more].map((example) => `    ${wrap(example, width - 4, "      ")}`),
  ];
}

function verdict(answers: readonly CheckAnswer[]): string {
  const all = answers.flatMap(({ findings }) => findings);
  const faults = all.filter(({ severity }) => severity === "fault");
  const notes = all.length - faults.length;
  const also = notes === 0 ? "" : `; ${notes} note${notes === 1 ? "" : "s"} of what published files have too`;
  if (faults.length === 0) return `no fault${also}`;
  const files = answers.filter(({ findings }) => findings.some(({ severity }) => severity === "fault")).length;
  return `${faults.length} kind${faults.length === 1 ? "" : "s"} of fault in ${files} of ${answers.length} file${answers.length === 1 ? "" : "s"}${also}`;
}

/** Makes the object of `--json`. */
export function checkJson({ file, checked, photos, findings }: CheckAnswer) {
  const { format, images, annotations, crowds, categories, split } = checked ?? {};
  return {
    file,
    format,
    split: split?.id,
    images: images?.length,
    annotations,
    crowds,
    categories: categories?.length,
    photos,
    findings: findings.map((finding) => ({ ...finding, meaning: findingKinds[finding.kind] })),
  };
}

function count(value: number): string {
  return value.toLocaleString("en");
}
