import { once } from "node:events";
import type { Writable } from "node:stream";
import type { PredictionRow } from "../../api.ts";
import { HarnessError, unknown } from "../../errors.ts";
import type { StoredRun } from "../../store/store.ts";

/** Returns the prompts whose masks are written. Throws HarnessError where a run has several and none is named. */
export function promptsOfFile({ id, manifest }: StoredRun, asked: string | undefined): string {
  const names = Object.keys(manifest.protocols);
  if (asked !== undefined && !names.includes(asked)) throw unknown("prompts", asked, names);
  const [first, second] = names;
  if (asked === undefined && second !== undefined) {
    throw new HarnessError(`${id}: a run of several prompts`, {
      found: names.join(", "),
      hint: `a results file holds one mask a target: choose with --prompts ${first}`,
    });
  }
  return asked ?? first!;
}

/**
 * Writes a run's masks as the results file that pycocotools and lvis-api read, one row at a time, by image id. The same run
 * gives the same file, however it was divided.
 */
export async function writeResultsFile(
  run: StoredRun,
  prompts: string,
  out: Writable,
): Promise<{ rows: number; unscored: number }> {
  let rows = 0;
  let unscored = 0;
  const { originalIds } = run.manifest.dataset;
  const digits = { images: digitsOf(originalIds?.images), categories: digitsOf(originalIds?.categories) };
  for await (const row of run.sortedRows()) {
    if (row.kind === "failure" || row.prompts !== prompts) continue;
    if (row.score === undefined) unscored++;
    const text = `${rows++ === 0 ? "[\n" : ",\n"}${resultText(row, digits)}`;
    if (!out.write(text)) await once(out, "drain");
  }
  out.write(rows === 0 ? "[]\n" : "\n]\n");
  return { rows, unscored };
}

function digitsOf(
  ids: readonly { readonly number: number; readonly digits: string }[] = [],
): ReadonlyMap<number, string> {
  return new Map(ids.map(({ number, digits }) => [number, digits]));
}

/** Digits of ids that are too large for a number. */
interface Digits {
  readonly images: ReadonlyMap<number, string>;
  readonly categories: ReadonlyMap<number, string>;
}

/** Writes a row without a `bbox`: with one, both tools would take the box's area for the mask's (protocols.md, trap 8). */
function resultText(
  { image, category, mask, score, predictedIou }: PredictionRow,
  { images, categories }: Digits,
): string {
  const rest = {
    segmentation: { size: [mask.size.height, mask.size.width], counts: mask.counts },
    score: score ?? predictedIou,
  };
  const ids = `"image_id":${images.get(image) ?? image},"category_id":${categories.get(category) ?? category}`;
  return `{${ids},${JSON.stringify(rest).slice(1)}`;
}
