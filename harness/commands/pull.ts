import { join } from "node:path";
import { HarnessError } from "../errors.ts";
import { homeFolder } from "../home.ts";
import { loadRegistry, type Registry } from "../plan/plugins/registry.ts";
import { catalogOf, itemsOf } from "../pull/catalog.ts";
import { openClient, type PullItem, type PullRecord, pull, removePulled, stateOf } from "../pull/index.ts";
import { type Arguments, type Command, type Console, line, note } from "./terminal/command.ts";
import { plainTable } from "./terminal/plainTable.ts";
import { createProgress, type Progress } from "./terminal/progress.ts";

const defaults = {
  /** A server that is silent for so long is asked again, s. */
  stall: 30,
};

export const pullFiles: Command = {
  name: "pull",
  describe: "Bring checkpoints and datasets: resumed after a break, checked by size and hash",
  arguments: [{ name: "id", describe: "of a variant, a checkpoint or a dataset group", many: true, optional: true }],
  options: {
    list: { describe: "what can be pulled, what is here and how large it is", type: "boolean" },
    remove: { describe: "delete these instead", type: "boolean" },
    mirror: { describe: "take files from this address, under their own names", type: "string" },
    sha256: { describe: "what the file must be, in place of the published hash", type: "string" },
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
      options: ["remove", "mirror", "sha256", "insecure-http", "stall"],
    },
    {
      when: "--remove is given",
      holds: ({ remove }) => remove === true,
      options: ["mirror", "sha256", "insecure-http", "stall"],
    },
  ],
  examples: [
    ["bench pull mobilesam sam-vit-b", "their checkpoints, which bench run then uses"],
    ["bench pull coco-val2017 --insecure-http", "photos and annotations; COCO's server has no https"],
    ["bench pull --list", "what there is and what is here"],
  ],
  async run(args, console) {
    const registry = await loadRegistry(args.plugin as string[] | undefined);
    const ids = ([] as readonly unknown[]).concat(args.id ?? []) as readonly string[];
    if (args.list) return listShelf(registry, args, console);
    if (ids.length === 0)
      throw new HarnessError("pull: nothing is named", { hint: "bench pull --list shows what can be pulled" });
    // All names are known before the first byte comes.
    const items = [...new Set(ids)].flatMap((id) => itemsOf(registry, id));
    if (args.remove) return removeAll(items, console);
    return pullAll(items, args, console);
  },
};

async function pullAll(items: readonly PullItem[], args: Arguments, console: Console): Promise<number> {
  const [mirror, sha256] = [args.mirror as string | undefined, sha256Of(args.sha256 as string | undefined, items)];
  const stallMs = 1000 * ((args.stall as number | undefined) ?? defaults.stall);
  if (!(stallMs > 0)) throw new HarnessError("--stall: must be above 0", { found: args.stall });
  const client = openClient({ stallMs });
  const home = homeFolder();
  const pulled: PullRecord[] = [];
  try {
    for (const item of items) {
      note(console, `${item.file.id}: licence ${item.file.licence ?? "not stated with the file"}`);
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

function sha256Of(text: string | undefined, items: readonly PullItem[]): string | undefined {
  if (text === undefined) return undefined;
  if (!/^[0-9a-f]{64}$/i.test(text))
    throw new HarnessError("--sha256: not a SHA-256", { found: text, expected: "64 hexadecimal digits" });
  if (items.length === 1) return text.toLowerCase();
  throw new HarnessError("--sha256: is of one file", { found: items.map(({ file }) => file.id).join(", ") });
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
        const known = total === undefined ? {} : { total: rounded(total / scale) };
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

const megabytes = (bytes: number) => `${rounded(bytes / 1e6)} MB`;
const rounded = (megabytes: number) => Number(megabytes.toFixed(megabytes < 10 ? 1 : 0));
