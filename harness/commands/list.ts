import { unknown } from "../errors.ts";
import { loadRegistry, type Registry } from "../run/registry.ts";
import { type Command, line } from "./command.ts";
import { plainTable } from "./plainTable.ts";

interface Listing {
  readonly header: readonly string[];
  rows(registry: Registry): readonly (readonly string[])[];
  json(registry: Registry): unknown;
}

const listings: Readonly<Record<string, Listing>> = {
  variants: {
    header: ["variant", "title", "input px", "paper", "published weights"],
    rows: ({ variants }) =>
      [...variants.values()].map(({ preset }) => [
        preset.id,
        preset.title,
        String(preset.input.side),
        preset.paper.arxiv === undefined ? preset.paper.title : `arXiv ${preset.paper.arxiv}`,
        preset.published?.id ?? (preset.nanoWeights === undefined ? "none" : "in this project"),
      ]),
    json: ({ variants }) => [...variants.values()].map(({ preset }) => preset),
  },
  datasets: {
    header: ["dataset", "title", "about"],
    rows: ({ datasets }) => [...datasets.values()].map(({ id, title, about }) => [id, title, about]),
    json: ({ datasets }) => [...datasets.values()].map(({ id, title, about }) => ({ id, title, about })),
  },
};

export const list: Command = {
  name: "list",
  describe: "List what there is: variants, datasets",
  arguments: [{ name: "what", describe: Object.keys(listings).join(" or "), optional: true }],
  options: {
    json: { describe: "print JSON", type: "boolean" },
    plugin: { describe: "also know what this module brings", type: "string", list: true },
  },
  examples: [["bench list variants", "every variant, by the id that other commands take"]],
  async run(args, console) {
    const what = (args.what as string | undefined) ?? "variants";
    const listing = listings[what];
    if (listing === undefined) throw unknown("list", what, Object.keys(listings));
    const registry = await loadRegistry(args.plugin as string[] | undefined);
    if (args.json) line(console, JSON.stringify(listing.json(registry)));
    else line(console, plainTable(listing.header, listing.rows(registry)));
    return 0;
  },
};
