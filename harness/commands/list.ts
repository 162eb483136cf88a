import { resolve } from "node:path";
import { unknown } from "../errors.ts";
import { loadRegistry } from "../plan/plugins/registry.ts";
import { checkedRuns } from "../results/storedRuns.ts";
import { headings } from "./headings.ts";
import { type Command, line, listOf, note, widthOf } from "./terminal/command.ts";
import { resultsOption } from "./terminal/runChoice.ts";
import { listingNames } from "./text/listingNames.ts";
import { listings, type Sources } from "./text/listings.ts";

export const list: Command = {
  ...headings.list,
  options: {
    json: { describe: "print JSON", type: "boolean" },
    results: resultsOption,
    plugin: { describe: "also know what this module brings", type: "string", list: true },
  },
  unused: [
    { when: "runs are not what is listed", holds: ({ what }) => what !== "runs", options: ["results"] },
    {
      when: "runs or papers are listed",
      holds: ({ what }) => what === "runs" || what === "papers",
      options: ["plugin"],
    },
  ],
  examples: [
    ["bench list variants", "every variant, by the id that other commands take"],
    ["bench list papers", "published tables, by the id that bench table --paper takes"],
    ["bench list protocols", "how each evaluation protocol prompts and scores, and where that was read"],
  ],
  async run(args, console) {
    const what = (args.what as string | undefined) ?? "variants";
    const name = listingNames.find((each) => each === what);
    if (name === undefined) throw unknown("list", what, listingNames);
    const listing = listings[name];
    const sources: Sources = {
      registry: () => loadRegistry(listOf(args, "plugin")),
      runs: () => checkedRuns(resolve(args.results as string), (text) => note(console, text)),
    };
    line(
      console,
      args.json ? JSON.stringify(await listing.json(sources)) : await listing.text(sources, widthOf(console).width),
    );
    return 0;
  },
};
