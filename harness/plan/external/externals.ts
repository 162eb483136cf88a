import { join } from "node:path";
import type { VariantManifest, VariantPlugin } from "../../api.ts";
import { HarnessError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { countdown } from "../../process/deadlines.ts";
import type { GroupCommand } from "../../process/external/group.ts";
import { askHello, describedPreset, type ExternalDescription, type HelloFields } from "../../process/external/hello.ts";
import { ExternalLink } from "../../process/external/link.ts";
import { processor } from "../../store/rowName.ts";
import type { ChosenVariant } from "../models/weights.ts";
import { idPattern } from "../plugins/pluginRules.ts";
import type { RegisteredVariant, Registry } from "../plugins/registry.ts";
import { projectRoot } from "../plugins/sources.ts";
import { commandOf, type ExternalOptions, startWords } from "./externalCommand.ts";

/** The preset of a program of the user's own, which holds until the program has said more. */
const ownPreset: Omit<VariantManifest, "id" | "title"> = {
  paper: { title: "a program of the user's own" },
  size: "full",
  // Preparing is the program's own.
  input: { side: 1024, fit: "pad", resize: "pillow-bilinear", padValue: 0, mean: [0, 0, 0], std: [1, 1, 1] },
  mask: { path: "model-frame", interpolation: "bilinear", threshold: ">0" },
  lacks: [],
  notes: [],
};

/** This plug-in builds and loads nothing: the user brings the program. */
const ownPlugin: VariantPlugin = {
  presets: [],
  build: async ({ preset }) => {
    throw new Error(`${preset.id}: a program that a user brings is not built`);
  },
  load: async (_graphs, _runtime, { id }) => {
    throw new Error(`${id}: a program that a user brings is not loaded`);
  },
};

/** Returns the registry with the programs of `--external NAME=COMMAND` in it. Throws HarnessError where a name is taken. */
export function withExternals(registry: Registry, given: readonly string[]): Registry {
  if (given.length === 0) return registry;
  const variants = new Map(registry.variants);
  for (const each of given) {
    const at = each.indexOf("=");
    const name = each.slice(0, at);
    const text = each.slice(at + 1).trim();
    if (at < 1 || text === "" || !idPattern.test(name))
      throw new HarnessError("--external: a name and a command are needed", {
        found: each,
        expected: 'NAME="python3 mine.py"',
      });
    if (variants.has(name))
      throw new HarnessError(`--external: the id ${name} is taken`, { hint: "give the program another name" });
    variants.set(name, ownVariant(name, wordsOf(text)));
  }
  return { ...registry, variants };
}

function ownVariant(name: string, command: readonly string[]): RegisteredVariant {
  const file = join(projectRoot, "variants", "external", "variant.ts");
  return {
    preset: { id: name, title: name, ...ownPreset },
    plugin: ownPlugin,
    file,
    folder: join(file, ".."),
    external: { command, files: [], takes: "nothing" },
  };
}

/** Words of a plain command; any other is a shell's to read. */
function wordsOf(text: string): readonly string[] {
  return /^[\w@%+=:,./ -]+$/.test(text) ? text.split(/ +/) : ["/bin/sh", "-c", text];
}

/**
 * Returns the variants with what their programs say of themselves, each started and ended again, or with the reason why one says
 * nothing. Throws HarnessError where a program is asked for what it can not be given.
 */
export async function withDescriptions(
  chosen: readonly ChosenVariant[],
  options: ExternalOptions,
): Promise<readonly ChosenVariant[]> {
  const described: ChosenVariant[] = [];
  for (const each of chosen) described.push(each.variant.external === undefined ? each : await describe(each, options));
  return described;
}

async function describe(chosen: ChosenVariant, options: ExternalOptions): Promise<ChosenVariant> {
  const { variant } = chosen;
  const { preset, external } = variant;
  const { id, base } = preset;
  if (process.platform !== "linux")
    throw new HarnessError(`${id}: another process is measured on Linux alone`, { found: process.platform });
  if (!options.providers.includes(processor))
    throw new HarnessError(`${id}: its program chooses its device by itself`, {
      found: `--provider ${options.providers.join()}`,
      hint: "leave --provider out, or measure it in a run of its own",
    });
  const { setting = null, sizes = null } = external!;
  const hello: HelloFields = { variant: id, preset: base ?? null, setting, sizes };
  let command = commandOf(external!.command, options.threads);
  try {
    command = commandOf(await startWords(id, external!, options.python), options.threads);
    const description = await helloOf(command, hello);
    const described = { ...variant, preset: describedPreset(preset, description) };
    return { ...chosen, variant: described, external: { process: external!, command, hello, description } };
  } catch (reason) {
    if (!(reason instanceof HarnessError)) throw reason;
    return { ...chosen, unanswered: { process: external!, command, hello, reason } };
  }
}

async function helloOf(command: GroupCommand, hello: HelloFields): Promise<ExternalDescription> {
  const link = new ExternalLink(hello.variant, command);
  const seconds = limits.externalHelloMs / 1000;
  const patience = countdown(limits.externalHelloMs, () => link.end(`it does not say what it is in ${seconds} s`));
  try {
    return await askHello(link, hello);
  } finally {
    patience.stop();
    await link.close();
  }
}
