import { join } from "node:path";
import { HarnessError, unknown } from "../errors.ts";
import { homeFolder } from "../home.ts";
import { loadRegistry, type Registry } from "../plan/plugins/registry.ts";
import { catalogOf, itemsOf, smallModels } from "../pull/catalog.ts";
import {
  openClient,
  type PullItem,
  type PullRecord,
  pull,
  pulledBefore,
  removePulled,
  stateOf,
} from "../pull/index.ts";
import { type Arguments, type Command, type Console, line, note } from "./terminal/command.ts";
import { createProgress, type Progress } from "./terminal/progress.ts";
import { plainTable } from "./text/plainTable.ts";
import { megabytes, roundedMegabytes, sizeText, totalText } from "./text/smallModels.ts";

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
    const ids = ([] as readonly unknown[]).concat(args.id ?? []) as readonly string[];
    if (args.list) return listShelf(registry, args, console);
    const small = args.small === true ? smallModels(registry).map(({ file }) => file.id) : [];
    const named = [...new Set([...ids, ...small])];
    if (named.length === 0)
      throw new HarnessError("pull: nothing is named", {
        hint: "bench pull --small brings three small models; bench pull --list shows what can be pulled",
      });
    // All names are known before the first byte comes; a variant and its file may both be named.
    const items = uniqueFiles(named.flatMap((id) => itemsOf(registry, id)));
    if (args.remove) return removeAll(items, console);
    return pullAll(items, args, console);
  },
};

async function pullAll(items: readonly PullItem[], args: Arguments, console: Console): Promise<number> {
  const mirror = args.mirror as string | undefined;
  const hashes = hashesOf(([] as readonly string[]).concat((args.sha256 as string[] | undefined) ?? []), items);
  const stallMs = 1000 * ((args.stall as number | undefined) ?? defaults.stall);
  if (!(stallMs > 0)) throw new HarnessError("--stall: must be above 0", { found: args.stall });
  const client = openClient({ stallMs });
  const home = homeFolder();
  const pulled: PullRecord[] = [];
  await announce(items, hashes, console);
  try {
    for (const item of items) {
      const sha256 = hashes.get(item.file.id);
      const follow = followed(item.file.id, console);
      try {
        const record = await pull(item, {
          ...{ home, client, insecureHttp: args["insecure-http"] === true },
          ...(mirror === undefined ? {} : { mirror }),
          ...(sha256 === undefined ? {} : { sha256 }),
          ...{ progress: follow.progress, notice: follow.notice },
        });
        pulled.push(record);
        follow.finish();
        if (!args.json) line(console, described(record, home));
      } finally {
        follow.finish();
      }
    }
  } finally {
    await client.close();
  }
  if (args.json) line(console, JSON.stringify(pulled));
  else tellNext(items, home, console);
  return 0;
}

/** Licences and sizes of everything, before the first byte comes. */
async function announce(
  items: readonly PullItem[],
  hashes: ReadonlyMap<string, string>,
  console: Console,
): Promise<void> {
  const coming: PullItem[] = [];
  for (const item of items) {
    const { id, licence = "not stated with the file" } = item.file;
    const state = await stateOf(homeFolder(), item.file);
    const sha256 = hashes.get(id);
    const wanted = sha256 === undefined ? { home: homeFolder() } : { home: homeFolder(), sha256 };
    const here = (await pulledBefore(item.file, wanted)) !== undefined;
    if (!here) coming.push(item);
    const part = state.state === "partial" ? `, goes on after ${megabytes(state.bytes)}` : "";
    note(console, `${id}: licence ${licence}, ${here ? "here already" : `${sizeText(item.file)}${part}`}`);
  }
  if (items.length > 1 && coming.length > 0)
    note(console, `${coming.length} of ${items.length} files to bring: ${totalText(coming.map(({ file }) => file))}`);
}

function uniqueFiles(items: readonly PullItem[]): readonly PullItem[] {
  return [...new Map(items.map((item) => [item.file.id, item])).values()];
}

/** Hashes that the user gives, by file: HASH for a single file, FILE=HASH for each of several. */
function hashesOf(given: readonly string[], items: readonly PullItem[]): ReadonlyMap<string, string> {
  const ids = items.map(({ file }) => file.id);
  const hashes = new Map<string, string>();
  for (const text of given) {
    const [name, hash] = text.includes("=") ? (text.split("=", 2) as [string, string]) : [undefined, text];
    if (!/^[0-9a-f]{64}$/i.test(hash))
      throw new HarnessError("--sha256: not a SHA-256", { found: hash, expected: "64 hexadecimal digits" });
    if (name === undefined && ids.length > 1)
      throw new HarnessError("--sha256: is of one file", { found: ids.join(", "), hint: "FILE=HASH says of which" });
    const id = name ?? ids[0]!;
    if (!ids.includes(id)) throw unknown("file of --sha256", id, ids);
    if (hashes.has(id)) throw new HarnessError(`--sha256: two hashes of ${id}`);
    hashes.set(id, hash.toLowerCase());
  }
  return hashes;
}

const trusts: Readonly<Record<PullRecord["trust"], (record: PullRecord) => string>> = {
  published: () => "verified by its published sha256",
  given: () => "verified by --sha256; not by what its authors publish",
  "first download": ({ sha256 }) => `unverified: first download; from now on it must be sha256 ${sha256}`,
};

function described(record: PullRecord, home: string): string {
  const places = record.places.map(({ path }) => join(home, path)).join(", ");
  return `${record.id}: ${places} (${megabytes(record.bytes)}), ${trusts[record.trust](record)}`;
}

function tellNext(items: readonly PullItem[], home: string, console: Console): void {
  const groups = new Set(items.flatMap(({ group }) => (group === undefined ? [] : [group])));
  for (const group of groups) note(console, `${group}: ${join(home, "datasets", group)}, for --data or --boxes`);
}

/** A line of progress in megabytes, then one in files where an archive is unpacked. */
function followed(id: string, console: Console) {
  let current: { readonly step: string; readonly progress: Progress } | undefined;
  const finish = () => {
    current?.progress.finish();
    current = undefined;
  };
  return {
    finish,
    notice: (text: string) => (current === undefined ? void note(console, text) : current.progress.note(text)),
    progress(step: "download" | "unpack", done: number, total: number | undefined) {
      const scale = step === "download" ? 1e6 : 1;
      if (current?.step !== step) {
        finish();
        const from = step === "download" ? done / scale : 0;
        const unit = step === "download" ? "MB" : "files";
        const known = total === undefined ? {} : { total: roundedMegabytes(total / scale) };
        current = { step, progress: createProgress(console, { ...known, unit, from }) };
      }
      current.progress.update(done / scale, step === "download" ? id : `${id}, unpacking`);
    },
  };
}

async function removeAll(items: readonly PullItem[], console: Console): Promise<number> {
  for (const { file } of items) {
    const bytes = await removePulled(homeFolder(), file);
    line(console, bytes === 0 ? `${file.id}: was not here` : `${file.id}: removed, ${megabytes(bytes)}`);
  }
  return 0;
}

async function listShelf(registry: Registry, args: Arguments, console: Console): Promise<number> {
  const entries = [];
  for (const { item, use } of catalogOf(registry)) {
    const state = await stateOf(homeFolder(), item.file);
    const here = state.state === "here" ? state.record.places.reduce((sum, { bytes }) => sum + bytes, 0) : 0;
    const held = state.state === "partial" ? state.bytes : here;
    const { id, bytes, licence } = item.file;
    const trust = state.state === "here" ? { trust: state.record.trust } : {};
    entries.push({ id, use, state: state.state, held, ...(bytes === undefined ? {} : { bytes }), licence, ...trust });
  }
  if (args.json) line(console, JSON.stringify(entries));
  else {
    const rows = entries.map(({ id, use, state, held, bytes, licence }) => {
      return [
        id,
        state,
        held === 0 ? "" : megabytes(held),
        bytes === undefined ? "" : megabytes(bytes),
        licence ?? "",
        use,
      ];
    });
    line(console, plainTable(["file", "state", "here", "published", "licence", "for"], rows));
    const held = entries.reduce((sum, entry) => sum + entry.held, 0);
    note(console, `${megabytes(held)} in ${homeFolder()}`);
  }
  return 0;
}
