import type { VariantOption } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { withCheckpointName } from "../store/rowName.ts";
import { namedVariant } from "./models/checkpoints.ts";
import type { Registry } from "./plugins/registry.ts";

/** Returns the options of all plug-ins, each name once. */
export function settingsOf(registry: Registry): readonly VariantOption[] {
  const options = registry.methods.flatMap(({ plugin }) => plugin.options ?? []);
  return [...new Map(options.map((option) => [option.name, option])).values()];
}

/**
 * Returns the ids with the given settings in them, where their plug-in has such options; `all` and other ids stay as they are.
 * Throws HarnessError for a setting that none of the ids takes.
 */
export function withSettings(
  registry: Registry,
  ids: readonly string[],
  settings: Readonly<Record<string, string>>,
): readonly string[] {
  const unused = new Set(Object.keys(settings));
  if (unused.size === 0) return ids;
  const set = ids.map((id) => {
    if (id === "all") return id;
    const { variant, base, checkpoint } = namedVariant(registry, id);
    const { plugin, preset } = variant;
    const own = (plugin.options ?? []).filter(({ name }) => settings[name] !== undefined);
    if (own.length === 0 || plugin.withOptions === undefined) return id;
    for (const { name } of own) unused.delete(name);
    const withThem = plugin.withOptions(preset.id, Object.fromEntries(own.map(({ name }) => [name, settings[name]!])));
    return checkpoint === undefined ? withThem : withCheckpointName(withThem, base.preset.id, checkpoint);
  });
  const [name] = unused;
  if (name === undefined) return set;
  throw new HarnessError(`--${name}: none of these variants has this setting`, {
    found: ids.join(", "),
    hint: "name a variant of the method whose setting it is: bench list variants",
  });
}
