import { existsSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import type {
  DatasetPlugin,
  ExternalProcess,
  GraphFiles,
  Metric,
  Protocol,
  VariantManifest,
  VariantPlugin,
} from "../../api.ts";
import { HarnessError, unknown } from "../../errors.ts";
import { ownModules } from "./ownModules.ts";
import { checkPreset, type Plugin, pluginOf } from "./pluginShape.ts";
import { projectRoot } from "./sources.ts";

/** A variant as users name it: it is one preset of a plug-in. */
export interface RegisteredVariant {
  readonly preset: VariantManifest;
  readonly plugin: VariantPlugin;
  /** Path of the plug-in's module. Its code, and what it imports, is part of a graph's identity. */
  readonly file: string;
  /** Folder of the module; its nano weights lie there. */
  readonly folder: string;
  /** The user's own ONNX files; nothing is built for them. */
  readonly files?: GraphFiles;
  /** The program that answers in its place. */
  readonly external?: ExternalProcess | undefined;
}

export interface Registry {
  readonly variants: ReadonlyMap<string, RegisteredVariant>;
  readonly datasets: ReadonlyMap<string, DatasetPlugin>;
  /** Modules of the datasets, by the dataset's id. */
  readonly datasetFiles: ReadonlyMap<string, string>;
  /** All methods, each once, with its module. */
  readonly methods: readonly Omit<RegisteredVariant, "preset">[];
  /** Protocols and metrics that plug-ins bring; `bookOf` has them together with the project's own. */
  readonly protocols: readonly Protocol[];
  readonly metrics: readonly Metric[];
}

/** Finds variants/<id>/variant.ts and datasets/<id>/dataset.ts, and loads the modules of `--plugin` beside them. */
export async function loadRegistry(plugins: readonly string[] = []): Promise<Registry> {
  // Not at the top: a worker is told its modules, and need not load what finds them.
  const { default: fastGlob } = await import("fast-glob");
  const own = await fastGlob(["variants/*/variant.ts", "datasets/*/dataset.ts"], { cwd: projectRoot, absolute: true });
  const foreign = plugins.map((plugin) => resolve(plugin));
  if (foreign.length > 0) {
    for (const file of foreign) requireFile(file);
    // A worker comes after this and need not load it either.
    const { probePlugins } = await import("./pluginProbe.ts");
    await probePlugins(foreign);
  }
  return loadPlugins([...own.sort(), ...foreign]);
}

/** Returns what these modules bring, and nothing else. */
export async function loadPlugins(files: readonly string[]): Promise<Registry> {
  const own = files.filter(isOwnModule);
  // Begun at once, they wait for the disk and the compiler together.
  const modules = new Map(await Promise.all(own.map(async (file) => [file, await importModule(file)] as const)));
  const variants = new Map<string, RegisteredVariant>();
  const datasets = new Map<string, DatasetPlugin>();
  const datasetFiles = new Map<string, string>();
  const methods: Omit<RegisteredVariant, "preset">[] = [];
  const protocols: Protocol[] = [];
  const metrics: Metric[] = [];
  for (const file of files) {
    const loaded = modules.get(file) ?? (await importForeign(file));
    const given = (loaded as { default?: unknown }).default;
    // What the project brings is checked where it is compiled.
    const plugin = isOwnModule(file) ? (given as Plugin) : pluginOf(given, file);
    if ("open" in plugin) {
      addTo(datasets, plugin.id, plugin, file);
      datasetFiles.set(plugin.id, file);
      continue;
    }
    if ("passes" in plugin) {
      protocols.push(plugin);
      continue;
    }
    if ("fit" in plugin) {
      metrics.push(plugin);
      continue;
    }
    const method = { plugin, file, folder: dirname(file) };
    methods.push(method);
    for (const preset of plugin.presets)
      addTo(variants, preset.id, { preset, ...method, external: plugin.processOf?.(preset) }, file);
  }
  return { variants, datasets, datasetFiles, methods, protocols, metrics };
}

/**
 * Returns a listed preset, or the variant of an id with a setting that its plug-in understands. Throws HarnessError for any
 * other id.
 */
export function variantOf(registry: Registry, id: string): RegisteredVariant {
  const variant = registry.variants.get(id);
  if (variant !== undefined) return variant;
  for (const method of registry.methods) {
    const preset = method.plugin.presetOf?.(id);
    if (preset === undefined) continue;
    const checked = isOwnModule(method.file) ? preset : checkPreset(preset, method.file);
    return { preset: checked, ...method, external: method.plugin.processOf?.(checked) };
  }
  throw unknown("variant", id, [...registry.variants.keys()]);
}

/** Returns the variant whose checkpoints and nano weights this one runs on: itself, or its base. */
export function weightsVariantOf(registry: Registry, variant: RegisteredVariant): RegisteredVariant {
  const { base } = variant.preset;
  return base === undefined ? variant : variantOf(registry, base);
}

/** Returns the classes that any variant's checkpoint may name: which variant a file is for shows only when it is open. */
export function inertClassesOf(registry: Registry): readonly string[] {
  return [...new Set([...registry.variants.values()].flatMap(({ preset }) => preset.inertClasses ?? []))];
}

/** Returns whether the project brings this plug-in; the errors of any other are for its author to mend. */
export function isOwnModule(file: string): boolean {
  return ["datasets", "variants"].some((folder) => file.startsWith(join(projectRoot, folder) + sep));
}

function importModule(file: string): Promise<unknown> {
  return ownModules[file]?.() ?? import(pathToFileURL(file).href);
}

/** Loads a plug-in from outside. An error that it throws meanwhile is for its author to mend, and is told in one line. */
async function importForeign(file: string): Promise<unknown> {
  requireFile(file);
  try {
    return await importModule(file);
  } catch (error) {
    const found = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw new HarnessError(`${file}: the plug-in can not be loaded`, {
      found: found.replace(/\s+/g, " "),
      hint: file.endsWith(".ts")
        ? 'a .ts file is an ES module where a package.json says "type": "module"; elsewhere name it .mts'
        : undefined,
      cause: error,
    });
  }
}

function requireFile(file: string): void {
  if (!existsSync(file)) throw new HarnessError(`${file}: no such plug-in`, { hint: "--plugin takes a module's path" });
}

function addTo<T>(all: Map<string, T>, id: string, value: T, file: string): void {
  if (all.has(id))
    throw new HarnessError(`${file}: the id ${id} is taken by another plug-in`, { hint: "give it another id" });
  all.set(id, value);
}
