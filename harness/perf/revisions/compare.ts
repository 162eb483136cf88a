import { type Command, line, wholeNumber } from "../../commands/terminal/command.ts";
import { exitCodes } from "../../commands/terminal/exitCodes.ts";
import { resultsOption } from "../../commands/terminal/runChoice.ts";
import { findRun } from "../../results/storedRuns.ts";
import { withRevision } from "./checkout.ts";
import { repeatRuns } from "./repeatedRuns.ts";
import { takeTurns, turnOptions } from "./turns.ts";

export const compare: Command = {
  name: "compare",
  describe: "bench compare of two stored runs whose images are repeated, also of another revision by turns",
  arguments: [
    { name: "a", describe: "finished run: its id, or how it begins" },
    { name: "b", describe: "finished run on the same data" },
  ],
  options: {
    results: resultsOption,
    data: { describe: "folder with the annotations of both; where the runs found them if left out", type: "string" },
    repeat: { describe: "copies of each image with its rows", type: "number", default: 50 },
    against: { describe: "commit, branch or tag whose bench compare is to print the same", type: "string" },
    ...turnOptions,
  },
  examples: [
    ["npm run perf -- compare sam-nano w8-sam-nano --data realset", "98 images of 50 copies: COCO val2017's size"],
    ["npm run perf -- compare sam-nano w8-sam-nano --data realset --against HEAD~5", "and the revision before it"],
  ],
  async run(args, console) {
    const repeat = wholeNumber(args, "repeat", 1);
    const rounds = wholeNumber(args, "rounds", 1);
    const warmup = wholeNumber(args, "warmup", 0);
    const results = args.results as string;
    const runs = [await findRun(args.a as string, results), await findRun(args.b as string, results)];
    return withRevision(args.against as string | undefined, async (workplace) => {
      const repeated = await repeatRuns({ runs, repeat, data: args.data as string | undefined }, workplace.folder);
      for (const [i, { images, rows }] of repeated.sizes.entries())
        line(console, `${runs[i]!.id}, ${repeat} times: ${images} images, ${rows} rows`);
      const words = ["compare", ...repeated.ids, "--results", repeated.results, "--data", repeated.data, "--json"];
      const printed = await takeTurns(workplace, { words, rounds, warmup }, console);
      return exitCodes[printed === "equal" ? "done" : "no"].code;
    });
  },
};
