import { once } from "node:events";
import { createWriteStream } from "node:fs";
import type { Writable } from "node:stream";
import type { PredictionRow } from "../api.ts";
import { HarnessError, unknown } from "../errors.ts";
import { findRun } from "../results/storedRuns.ts";
import type { StoredRun } from "../store/store.ts";
import { type Command, note } from "./terminal/command.ts";

export const exportRun: Command = {
  name: "export",
  describe: "Write a stored run's masks as a results file that pycocotools and lvis-api read",
  arguments: [{ name: "run", describe: "its id, or its folder" }],
  options: {
    format: { describe: "of the file", type: "string", choices: ["coco"], default: "coco" },
    prompts: { describe: "which prompts of the run; needed where it has several", type: "string" },
    out: { describe: "the file; standard output without it", type: "string" },
    results: { describe: "folder that runs are kept in", type: "string", default: "results" },
  },
  examples: [["bench export sam-nano-0123456789ab --prompts box --out box.json", "the masks of its box prompts"]],
  async run(args, console) {
    const run = await findRun(args.run as string, args.results as string);
    const prompts = promptsOf(run, args.prompts as string | undefined);
    const file = args.out as string | undefined;
    const out = file === undefined ? console.out : await openFile(file);
    const { rows, unscored } = await writeResults(run, prompts, out);
    if (file !== undefined) {
      out.end();
      await once(out, "close");
    }
    note(console, `${rows} masks of ${run.id}, prompts ${prompts}`);
    if (unscored > 0)
      note(console, `warning: ${unscored} of them have no score by their protocol: it is the predicted IoU`);
    return 0;
  },
};

function promptsOf({ id, manifest }: StoredRun, asked: string | undefined): string {
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

async function openFile(file: string): Promise<Writable> {
  const stream = createWriteStream(file);
  await once(stream, "open").catch((cause: Error) => {
    throw new HarnessError(`${file}: can not be written`, { found: cause.message, cause });
  });
  return stream;
}

/** One row at a time, by image id: the same run gives the same file however it was cut up. */
async function writeResults(
  run: StoredRun,
  prompts: string,
  out: Writable,
): Promise<{ rows: number; unscored: number }> {
  let [rows, unscored] = [0, 0];
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

/** Digits of the ids that no number holds. */
interface Digits {
  readonly images: ReadonlyMap<number, string>;
  readonly categories: ReadonlyMap<number, string>;
}

/** Without a `bbox`: with one, both tools would take the box's area for the mask's (protocols.md, trap 8). */
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
