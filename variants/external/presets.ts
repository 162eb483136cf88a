import { fileURLToPath } from "node:url";
import type { ExternalProcess, VariantManifest } from "../../harness/api.ts";
import { HarnessError } from "../../harness/errors.ts";
import { type Adapter, adapters } from "./adapters.ts";

interface Asked {
  readonly adapter: Adapter;
  readonly base: VariantManifest;
  readonly setting: string | undefined;
}

/** Reads what an id asks for; nothing where no adapter has its method. Throws HarnessError for a preset or a setting that its method lacks. */
function askedBy(id: string): Asked | undefined {
  const [method, preset, setting, ...rest] = id.split("/");
  const ofMethod = adapters.filter((adapter) => adapter.method === method);
  if (ofMethod.length === 0) return undefined;
  for (const adapter of ofMethod) {
    const base = adapter.presets.find((each) => each.id === preset);
    if (base === undefined || rest.length > 0) continue;
    if (setting === undefined || adapter.settings.includes(setting)) return { adapter, base, setting };
    const reason = adapter.refuses[setting];
    throw new HarnessError(`${id}: ${reason === undefined ? "unknown setting" : `it can not run so: ${reason}`}`, {
      found: setting,
      expected: adapter.settings.length === 0 ? `${method}/${preset} alone` : adapter.settings.join(" or "),
    });
  }
  throw new HarnessError(`${id}: ${method} has no such preset`, {
    found: [preset, setting, ...rest].filter((part) => part !== undefined).join("/"),
    expected: ofMethod.flatMap(({ presets }) => presets.map((each) => each.id)).join(", "),
  });
}

/** Returns the manifest of `torch/sam-vit-b/compile` and the like; nothing where the id is no adapter's. */
export function presetOf(id: string): VariantManifest | undefined {
  const asked = askedBy(id);
  if (asked === undefined) return undefined;
  const { adapter, base, setting } = asked;
  const { published: _, nanoWeights: __, printed: ___, calibration: ____, ...shared } = base;
  return {
    ...shared,
    id,
    title: `${base.title}, ${adapter.title}${setting === undefined ? "" : ` ${setting}`}`,
    base: base.id,
    alternativeTo: base.id,
    notes: [...adapter.notes, ...base.notes],
  };
}

/** Returns the program that answers for such a preset. */
export function processOf({ id }: VariantManifest): ExternalProcess | undefined {
  const asked = askedBy(id);
  if (asked === undefined) return undefined;
  const { adapter, base, setting } = asked;
  const [script, ...imports] = [adapter.script, ...adapter.imports].map((name) =>
    fileURLToPath(new URL(`python/${name}`, import.meta.url)),
  );
  return {
    command: ["python3", script!],
    packages: adapter.packages,
    files: [script!, ...imports],
    setting,
    sizes: { ...adapter.sizes[base.id] },
    takes: adapter.takes,
  };
}
