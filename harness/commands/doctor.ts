import { resolve } from "node:path";
import { examine } from "../estimate/findings.ts";
import { planOptions } from "../plan/options.ts";
import { headings } from "./headings.ts";
import { type Command, line, widthOf } from "./terminal/command.ts";
import { exitCodes } from "./terminal/exitCodes.ts";
import { latencyUnused, planUnused, runFlagsOf, settingOptions } from "./terminal/planFlags.ts";
import { resultsOption } from "./terminal/runChoice.ts";
import { findingsText } from "./text/findings.ts";

export const doctor: Command = {
  ...headings.doctor,
  options: {
    ...planOptions,
    results: resultsOption,
    json: { describe: "print one JSON object", type: "boolean" },
  },
  moreOptions: settingOptions,
  unused: [...planUnused, latencyUnused],
  examples: [
    ["bench doctor", "the machine, and what bench run without flags would need"],
    ["bench doctor --variants all --weights seeded", "time, memory and disk for every model at full size"],
  ],
  async run(args, console) {
    const found = await examine(await runFlagsOf(args), resolve(args.results as string));
    if (args.json) line(console, JSON.stringify(found));
    else line(console, findingsText(found, widthOf(console).width));
    return exitCodes[found.missing.length === 0 ? "done" : "no"].code;
  },
};
