/** What a check of a data set can find. */
export const findingKinds = {
  "split-counts": "the counts are not those of the published split",
  "category-scheme": "category ids are of another scheme",
  "category-unknown": "annotations name a category that the file does not have",
  "lists-contradict": "annotations are of categories that their image is said not to show",
  "image-unknown": "annotations name an image that the file does not have",
  "photo-missing": "photos are missing",
  "photo-damaged": "photos are damaged or cut short",
  "photo-size": "photos have another size than the file says",
  "photo-twice": "two images have the same photo",
  "mask-empty": "masks have no pixel",
  "mask-outside": "masks reach outside their image",
  "mask-size": "masks have another size than their image",
  "box-off": "boxes lie off their masks",
  "area-off": "areas are not those of the masks",
  "annotation-twice": "annotations stand there twice",
  field: "fields can not be read",
  "image-empty": "images have no annotation",
} as const;

export type FindingKind = keyof typeof findingKinds;

/**
 * A `fault` changes figures, or stops a run. A `note` is in published files too; whoever compares figures may want to know it.
 */
export type Severity = "fault" | "note";

/** Something that a check found, with how often and where first. */
export interface Finding {
  readonly kind: FindingKind;
  readonly severity: Severity;
  readonly count: number;
  /** The first few places, such as `annotation 17: 42 px right of its mask`. */
  readonly examples: readonly string[];
}

const mostExamples = 3;

/** Collects findings: the same kind at the same severity is one, and only its first places are kept. */
export class Findings {
  private readonly found = new Map<string, Finding & { count: number; readonly examples: string[] }>();

  add(kind: FindingKind, severity: Severity, example: string, count = 1): void {
    const key = `${severity} ${kind}`;
    const known = this.found.get(key);
    if (known === undefined) {
      this.found.set(key, { kind, severity, count, examples: [example] });
      return;
    }
    known.count += count;
    if (known.examples.length < mostExamples) known.examples.push(example);
  }

  /** Returns the faults, then the notes, each in the order of `findingKinds`. */
  all(): readonly Finding[] {
    const kinds = Object.keys(findingKinds);
    const rank = ({ kind, severity }: Finding) => kinds.indexOf(kind) + (severity === "fault" ? 0 : kinds.length);
    return [...this.found.values()].sort((a, b) => rank(a) - rank(b));
  }
}
