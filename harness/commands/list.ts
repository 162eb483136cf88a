import { resolve } from "node:path";
import { unknown } from "../errors.ts";
import { loadRegistry } from "../plan/plugins/registry.ts";
import { checkedRuns } from "../results/storedRuns.ts";
import { type Command, line, listOf, note } from "./terminal/command.ts";
import { resultsOption } from "./terminal/runChoice.ts";
import { listings, type Sources } from "./text/listings.ts";

export const list: Command = {
  name: "list",
  describe: "List what there is: variants, datasets, protocols, metrics, stored runs, published tables",
  arguments: [{ name: "what", describe: Object.keys(listings).join(" or "), optional: true }],
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
    const listing = listings[what];
    if (listing === undefined) throw unknown("list", what, Object.keys(listings));
    const sources: Sources = {
      registry: () => loadRegistry(listOf(args, "plugin")),
      runs: () => checkedRuns(resolve(args.results as string), (text) => note(console, text)),
    };
    line(console, args.json ? JSON.stringify(await listing.json(sources)) : await listing.text(sources));
    return 0;
  },
};
