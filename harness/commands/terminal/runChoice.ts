import { resolve } from "node:path";
import type { Option } from "../../plan/options.ts";
import type { RunChoice } from "../../results/storedRuns.ts";
import { type Arguments, listOf } from "./command.ts";

/** Folder of stored runs, for every command that reads or makes them. */
export const resultsOption: Option = { describe: "folder that runs are kept in", type: "string", default: "results" };

/** The options by which a command names stored runs, beside the argument `run`. */
export const choiceOptions: Readonly<Record<"results" | "dataset" | "all", Option>> = {
  results: resultsOption,
  dataset: { describe: "runs on this data set alone: photos, coco, …", type: "string" },
  all: { describe: "every run, not the newest of each variant on the same data and protocols", type: "boolean" },
};

/** Returns what the argument `run` and `choiceOptions` say. */
export function runChoice(args: Arguments): RunChoice {
  return {
    results: resolve(args.results as string),
    names: listOf(args, "run"),
    dataset: args.dataset as string | undefined,
    all: args.all === true,
  };
}
