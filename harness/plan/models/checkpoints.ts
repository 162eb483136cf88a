import { HarnessError } from "../../errors.ts";
import { isCheckpointPath, isOwnName, providerParts, rowNameParts } from "../../store/rowName.ts";
import { type RegisteredVariant, type Registry, variantOf, weightsVariantOf } from "../plugins/registry.ts";

/** A variant as the user names it, with the checkpoint that it is to run on. */
export interface NamedVariant {
  readonly variant: RegisteredVariant;
  /** The variant whose checkpoints it runs on: itself, or its base. */
  readonly base: RegisteredVariant;
  /** What its row is called, where the user named its checkpoint: `sam-fast/sam-nano:mine`. */
  readonly name?: string;
  /** The named checkpoint: `sam-nano:mine`. */
  readonly checkpoint?: string;
}

/**
 * Maps each name of `--checkpoint NAME=FILE` to its file, where NAME is a variant or a variant and a name of its own. The first
 * `=` ends the name.
 */
export function checkpointsOf(pairs: readonly string[]): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const pair of pairs) {
    const at = pair.indexOf("=");
    if (at < 1 || at === pair.length - 1)
      throw new HarnessError("--checkpoint: a variant and a file are needed", {
        found: pair,
        expected: "VARIANT=FILE, VARIANT:NAME=FILE, or a file's path",
      });
    const name = pair.slice(0, at);
    if (files.has(name) && files.get(name) !== pair.slice(at + 1))
      throw new HarnessError(`--checkpoint ${name}: two files have this name`, {
        found: `${files.get(name)} and ${pair.slice(at + 1)}`,
        hint: `give each a name of its own: --checkpoint ${rowNameParts(name)?.variant ?? name}:NAME=FILE`,
      });
    files.set(name, pair.slice(at + 1));
  }
  return files;
}

/** Tells whether a value of `--checkpoint` is a path without a variant before it. */
export function isBarePath(text: string): boolean {
  const at = text.indexOf("=");
  return at < 0 ? isCheckpointPath(text) || /[\\/]/.test(text) : isCheckpointPath(text.slice(0, at));
}

/** Returns the variant that an id or a row's name means. Throws HarnessError for an unknown variant and for a wrong name. */
export function namedVariant(registry: Registry, name: string): NamedVariant {
  const { row, provider } = providerParts(name);
  if (row !== name && registry.variants.has(row) && !registry.variants.has(name))
    throw new HarnessError(`${name}: the provider is no part of a variant's name`, {
      hint: `name ${row}, and the provider apart: --provider ${provider}`,
    });
  if (!name.includes(":")) {
    const variant = variantOf(registry, name);
    return { variant, base: weightsVariantOf(registry, variant) };
  }
  const parts = rowNameParts(name);
  if (parts === undefined) throw wrongName(name);
  const { before, own } = parts;
  const variant = variantOf(registry, parts.variant);
  const base = weightsVariantOf(registry, variant);
  const { id } = base.preset;
  if (registry.variants.has(own))
    throw new HarnessError(`${name}: ${own} is the id of a variant, and no checkpoint is called by it`, {
      hint: "give the checkpoint another name",
    });
  if (variant.files !== undefined || variant.external?.takes === "nothing" || variant.preset.role === "floor")
    throw new HarnessError(`${name}: ${parts.variant} takes no checkpoint that could have a name`, {
      hint: `call it ${parts.variant}`,
    });
  if (before !== id && !before.endsWith(`/${id}`))
    throw new HarnessError(`${name}: the name stands behind the model whose checkpoint it is`, {
      expected: parts.variant.replace(id, `${id}:${own}`),
    });
  return { variant, base, name, checkpoint: `${id}:${own}` };
}

function wrongName(name: string): HarnessError {
  const own = name.slice(name.indexOf(":") + 1).replace(/\/.*$/, "");
  const problem = isOwnName(own) ? "not a variant and a checkpoint's name" : "no name that a checkpoint may have";
  return new HarnessError(`${name}: ${problem}`, {
    found: own,
    expected: "1 to 40 of a-z, 0-9, dot, dash and underscore, not signs alone, once, as in sam-nano:mine",
  });
}

/** Throws HarnessError for a checkpoint of an unknown variant, and for a name that stands behind a method. */
export function requireKnown(registry: Registry, checkpoints: ReadonlyMap<string, string>): void {
  for (const [name, file] of checkpoints) {
    const { checkpoint = name } = namedVariant(registry, name);
    if (checkpoint !== name)
      throw new HarnessError(`--checkpoint ${name}=${file}: a named checkpoint is the model's, and methods run on it`, {
        hint: `--checkpoint ${checkpoint}=${file} --variants ${name}`,
      });
  }
}
