import { HarnessError } from "../errors.ts";
import { homeFolder } from "../home.ts";
import { loadRegistry, type Registry } from "../plan/plugins/registry.ts";
import { namedItems } from "../pull/catalog.ts";
import {
  arrivalsOf,
  expectedHashes,
  inventoryOf,
  type PullItem,
  pullSeveral,
  removePulled,
  requireAccepted,
} from "../pull/index.ts";
import { headings } from "./headings.ts";
import { type Arguments, type Command, type Console, line, listOf, note } from "./terminal/command.ts";
import { followTransfers } from "./terminal/transfers.ts";
import { arrivalsText, groupPlaces, heldText, inventoryText, pulledText, removedText } from "./text/pulls.ts";

/** `stall`: a server that is silent for so many seconds is asked again. */
const defaults = { stall: 30 };

/** Options that say how files come; they have no effect where none does. */
const transfer = ["mirror", "sha256", "accept-licence", "insecure-http", "stall"];

export const pullFiles: Command = {
  ...headings.pull,
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
    "accept-licence": {
      describe: "name of a licence that restricts the use of what is pulled, and that you accept",
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
    { when: "--list is given", holds: ({ list }) => list === true, options: ["small", "remove", ...transfer] },
    { when: "--remove is given", holds: ({ remove }) => remove === true, options: transfer },
  ],
  examples: [
    ["bench pull --small", "three small models; bench run then shows them as published"],
    ["bench pull mobilesam sam-vit-b", "their checkpoints, which bench run then uses"],
    ['bench pull edgesam --accept-licence "S-Lab License 1.0"', "a model whose licence you have to accept"],
    ["bench pull coco-val2017 --insecure-http", "photos and annotations; COCO's server has no https"],
    ["bench pull --list", "what there is and what is here"],
  ],
  async run(args, console) {
    const registry = await loadRegistry(listOf(args, "plugin"));
    if (args.list) return listFiles(registry, args, console);
    // All names are known before the first byte comes.
    const items = namedItems(registry, listOf(args, "id"), args.small ? "small models too" : "named alone");
    if (items.length === 0)
      throw new HarnessError("pull: nothing is named", {
        hint: "bench pull --small brings three small models; bench pull --list shows what can be pulled",
      });
    return args.remove ? removeAll(items, console) : pullAll(items, args, console);
  },
};

async function pullAll(items: readonly PullItem[], args: Arguments, console: Console): Promise<number> {
  const home = homeFolder();
  const hashes = expectedHashes(listOf(args, "sha256"), items);
  const stallMs = 1000 * ((args.stall as number | undefined) ?? defaults.stall);
  if (!(stallMs > 0)) throw new HarnessError("--stall: must be above 0", { found: args.stall });
  const arrivals = await arrivalsOf(items, home, hashes);
  for (const text of arrivalsText(arrivals)) note(console, text);
  requireAccepted(arrivals, listOf(args, "accept-licence"));
  const transfers = followTransfers(console);
  const insecureHttp = args["insecure-http"] === true;
  const mirror = args.mirror as string | undefined;
  const pulled = await pullSeveral(
    items,
    { home, stallMs, insecureHttp, mirror, hashes },
    {
      ...transfers,
      pulled(record) {
        transfers.finish();
        if (!args.json) line(console, pulledText(record, home));
      },
    },
  );
  if (args.json) line(console, JSON.stringify(pulled));
  else for (const text of groupPlaces(items, home)) note(console, text);
  return 0;
}

async function removeAll(items: readonly PullItem[], console: Console): Promise<number> {
  for (const { file } of items) line(console, removedText(file.id, await removePulled(homeFolder(), file)));
  return 0;
}

async function listFiles(registry: Registry, args: Arguments, console: Console): Promise<number> {
  const entries = await inventoryOf(registry, homeFolder());
  line(console, args.json ? JSON.stringify(entries) : inventoryText(entries));
  if (!args.json) note(console, `${heldText(entries)} in ${homeFolder()}`);
  return 0;
}
