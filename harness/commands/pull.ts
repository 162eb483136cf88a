import { join } from "node:path";
import { HarnessError } from "../errors.ts";
import { homeFolder } from "../home.ts";
import { loadRegistry, type Registry } from "../plan/plugins/registry.ts";
import { itemsOf, smallModels } from "../pull/catalog.ts";
import {
  arrivalOf,
  expectedHashes,
  inventoryOf,
  type PullItem,
  pullSeveral,
  removePulled,
  uniqueFiles,
} from "../pull/index.ts";
import { type Arguments, type Command, type Console, line, note } from "./terminal/command.ts";
import { followTransfers } from "./terminal/transfers.ts";
import { arrivalsText, arrivalText, inventoryText, pulledText } from "./text/pulls.ts";
import { megabytes } from "./text/smallModels.ts";

const defaults = {
  /** A server that is silent for so long is asked again, s. */
  stall: 30,
};

export const pullFiles: Command = {
  name: "pull",
  describe: "Bring checkpoints and datasets: resumed after a break, checked by size and hash",
  arguments: [{ name: "id", describe: "of a variant, a checkpoint or a dataset group", many: true, optional: true }],
  options: {
    small: { describe: "MobileSAM, EfficientSAM-Ti and FastSAM-s, the small published models", type: "boolean" },
    list: { describe: "what can be pulled, what is here and how large it is", type: "boolean" },
    remove: { describe: "delete these instead", type: "boolean" },
    mirror: { describe: "take files from this address, under their own names", type: "string" },
    sha256: {
      describe: "what the file must be, in place of the published hash; FILE=HASH for each where several are pulled",
      type: "string",
      list: true,
    },
    "insecure-http": { describe: "plain http also where no hash is known", type: "boolean" },
    stall: {
      describe: "seconds of silence after which the connection is made anew",
      type: "number",
      default: defaults.stall,
    },
    plugin: { describe: "also know the files of this module", type: "string", list: true },
    json: { describe: "print JSON", type: "boolean" },
  },
  unused: [
    {
      when: "--list is given",
      holds: ({ list }) => list === true,
      options: ["small", "remove", "mirror", "sha256", "insecure-http", "stall"],
    },
    {
      when: "--remove is given",
      holds: ({ remove }) => remove === true,
      options: ["mirror", "sha256", "insecure-http", "stall"],
    },
  ],
  examples: [
    ["bench pull --small", "three small models; bench run then shows them as published"],
    ["bench pull mobilesam sam-vit-b", "their checkpoints, which bench run then uses"],
    ["bench pull coco-val2017 --insecure-http", "photos and annotations; COCO's server has no https"],
    ["bench pull --list", "what there is and what is here"],
  ],
  async run(args, console) {
    const registry = await loadRegistry(args.plugin as string[] | undefined);
    if (args.list) return listFiles(registry, args, console);
    const ids = ([] as readonly unknown[]).concat(args.id ?? []) as readonly string[];
    const small = args.small === true ? smallModels(registry).map(({ file }) => file.id) : [];
    const named = [...new Set([...ids, ...small])];
    if (named.length === 0)
      throw new HarnessError("pull: nothing is named", {
        hint: "bench pull --small brings three small models; bench pull --list shows what can be pulled",
      });
    // All names are known before the first byte comes.
    const items = uniqueFiles(named.flatMap((id) => itemsOf(registry, id)));
    return args.remove ? removeAll(items, console) : pullAll(items, args, console);
  },
};

async function pullAll(items: readonly PullItem[], args: Arguments, console: Console): Promise<number> {
  const home = homeFolder();
  const hashes = expectedHashes(([] as readonly string[]).concat((args.sha256 as string[] | undefined) ?? []), items);
  const stallMs = 1000 * ((args.stall as number | undefined) ?? defaults.stall);
  if (!(stallMs > 0)) throw new HarnessError("--stall: must be above 0", { found: args.stall });
  const arrivals = [];
  for (const item of items) {
    const arrival = await arrivalOf(item, home, hashes.get(item.file.id));
    note(console, arrivalText(arrival));
    arrivals.push(arrival);
  }
  const sum = arrivalsText(arrivals);
  if (sum !== undefined) note(console, sum);
  const transfers = followTransfers(console);
  const options = {
    home,
    stallMs,
    insecureHttp: args["insecure-http"] === true,
    mirror: args.mirror as string | undefined,
    hashes,
  };
  const pulled = await pullSeveral(items, options, {
    ...transfers,
    pulled(record) {
      transfers.finish();
      if (!args.json) line(console, pulledText(record, home));
    },
  });
  if (args.json) line(console, JSON.stringify(pulled));
  else
    for (const group of new Set(items.flatMap(({ group }) => group ?? [])))
      note(console, `${group}: ${join(home, "datasets", group)}, for --data or --boxes`);
  return 0;
}

async function removeAll(items: readonly PullItem[], console: Console): Promise<number> {
  for (const { file } of items) {
    const bytes = await removePulled(homeFolder(), file);
    line(console, bytes === 0 ? `${file.id}: was not here` : `${file.id}: removed, ${megabytes(bytes)}`);
  }
  return 0;
}

async function listFiles(registry: Registry, args: Arguments, console: Console): Promise<number> {
  const entries = await inventoryOf(registry, homeFolder());
  line(console, args.json ? JSON.stringify(entries) : inventoryText(entries));
  const held = entries.reduce((sum, entry) => sum + entry.held, 0);
  if (!args.json) note(console, `${megabytes(held)} in ${homeFolder()}`);
  return 0;
}
