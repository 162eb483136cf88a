import { once } from "node:events";
import { createWriteStream } from "node:fs";
import type { Writable } from "node:stream";
import { HarnessError } from "../errors.ts";
import { promptsOfFile, writeResultsFile } from "../results/scores/resultsFile.ts";
import { findRun } from "../results/storedRuns.ts";
import { headings } from "./headings.ts";
import { type Command, note } from "./terminal/command.ts";
import { resultsOption } from "./terminal/runChoice.ts";

export const exportRun: Command = {
  ...headings.export,
  options: {
    format: { describe: "of the file", type: "string", choices: ["coco"], default: "coco" },
    prompts: { describe: "which prompts of the run; needed where it has several", type: "string" },
    out: { describe: "the file; standard output without it", type: "string" },
    results: resultsOption,
  },
  examples: [["bench export sam-nano-0123456789ab --prompts box --out box.json", "the masks of its box prompts"]],
  async run(args, console) {
    const run = await findRun(args.run as string, args.results as string);
    const prompts = promptsOfFile(run, args.prompts as string | undefined);
    const file = args.out as string | undefined;
    const out = file === undefined ? console.out : await openFile(file);
    const { rows, unscored } = await writeResultsFile(run, prompts, out);
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

async function openFile(file: string): Promise<Writable> {
  const stream = createWriteStream(file);
  await once(stream, "open").catch((cause: Error) => {
    throw new HarnessError(`${file}: can not be written`, { found: cause.message, cause });
  });
  return stream;
}
