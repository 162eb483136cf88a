import type { ImageId, PredictionRow } from "../api.ts";
import { rowsFile } from "../store/damage.ts";
import { type ImagePlace, readImages } from "../store/rows.ts";
import type { EverythingStages } from "../store/schema/rowSchema.ts";
import type { StoredRun } from "../store/store.ts";
import { visible } from "../visible.ts";

export interface RowsOptions {
  /**
   * Says what stays in memory of each row: its figures with its mask and its prompt, with its mask, with an empty mask, or
   * nothing, for whoever asks which images failed. Masks are most of a run's bytes.
   */
  readonly hold: "masks and prompts" | "masks" | "figures" | "nothing";
  /** Names of the prompts whose rows are held; all rows are held without it. */
  readonly prompts?: ReadonlySet<string> | undefined;
}

/** Content of rows.jsonl. The prompt of each row is empty unless it is asked for: `places` says where it lies. */
export interface RunRows {
  /** Images that ran to their end without failure, ascending. Images without a row are among them. */
  readonly images: readonly ImageId[];
  /**
   * Message of each image that failed, in the order of the file; control characters are shown as escapes, since a stranger may
   * have written them. Rows of such an image are not held.
   */
  readonly failures: ReadonlyMap<ImageId, string>;
  /** Rows of the images that did not fail, in the order of the file. */
  readonly rows: readonly PredictionRow[];
  /** Milliseconds of each image in everything mode, by prompts name. */
  readonly everythingMs: ReadonlyMap<string, readonly number[]>;
  /** Stages of that time, image by image, by prompts name; images of an earlier version have none. */
  readonly everythingStages: ReadonlyMap<string, readonly EverythingStages[]>;
  /** Place of each image in the file, where its masks and prompts can be read again. */
  readonly places: ReadonlyMap<ImageId, ImagePlace>;
}

const emptyMask: PredictionRow["mask"] = { size: { height: 0, width: 0 }, counts: "" };
const emptyPrompt: PredictionRow["prompt"] = { points: [] };

/**
 * Reads the rows of a run once, one image at a time, and keeps what is asked for. Every figure of a stored run is computed from
 * these rows.
 */
export async function readRunRows({ folder }: StoredRun, { hold, prompts }: RowsOptions): Promise<RunRows> {
  const failures = new Map<ImageId, string>();
  const rows: PredictionRow[] = [];
  const places = new Map<ImageId, ImagePlace>();
  for await (const { image, rows: own, place } of readImages(rowsFile(folder))) {
    places.set(image, place);
    const failure = own.find((row) => row.kind === "failure");
    if (failure !== undefined) failures.set(image, visible(failure.message));
    else if (hold !== "nothing")
      for (const row of own)
        if (row.kind === "prediction" && prompts?.has(row.prompts) !== false) {
          const mask = hold === "figures" ? emptyMask : row.mask;
          const prompt = hold === "masks and prompts" ? row.prompt : emptyPrompt;
          rows.push({ ...row, mask, prompt });
        }
  }
  const images = [...places.keys()].filter((image) => !failures.has(image)).sort((a, b) => a - b);
  const ends = images.map((image) => places.get(image)!);
  return {
    images,
    failures,
    rows,
    everythingMs: listsByName(ends.map((end) => end.everythingMs)),
    everythingStages: listsByName(ends.map((end) => end.everythingStages)),
    places,
  };
}

/** Returns the values of each name, in the order of the records. */
function listsByName<T>(records: readonly (Readonly<Record<string, T>> | undefined)[]): ReadonlyMap<string, T[]> {
  const lists = new Map<string, T[]>();
  for (const record of records)
    for (const [name, value] of Object.entries(record ?? {})) listIn(lists, name).push(value);
  return lists;
}

/** Returns rows without their masks, which are most of a run's bytes. */
export function withoutMasks(rows: readonly PredictionRow[]): readonly PredictionRow[] {
  return rows.map((row) => ({ ...row, mask: emptyMask }));
}

/** Groups rows by the name of their prompts; the order within a group is that of the rows. */
export function byPrompts(rows: readonly PredictionRow[]): ReadonlyMap<string, readonly PredictionRow[]> {
  const groups = new Map<string, PredictionRow[]>();
  for (const row of rows) listIn(groups, row.prompts).push(row);
  return groups;
}

function listIn<T>(lists: Map<string, T[]>, name: string): T[] {
  const list = lists.get(name) ?? [];
  lists.set(name, list);
  return list;
}
