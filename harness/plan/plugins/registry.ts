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
  /** The preset of another plug-in that this one, a method, changes. Its code is part of a graph's identity too. */
  readonly base?: RegisteredVariant | undefined;
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
  const registry = { variants, datasets, datasetFiles, methods, protocols, metrics };
  // A base may come after its methods.
  for (const [id, variant] of variants) variants.set(id, withBase(registry, variant));
  return registry;
}

/**
 * Returns a listed preset, or the variant of an id with a setting that its plug-in understands. Throws HarnessError for any
 * other id.
 */
export function variantOf(registry: Registry, id: string): RegisteredVariant {
  const variant = registry.variants.get(id);
  if (variant !== undefined) return variant;
  const found = unlistedVariant(registry, id);
  if (found !== undefined) return found;
  const hint = /\.onnx$/i.test(id) ? `--variants mine --variant-files mine=${id} runs an ONNX file` : undefined;
  throw unknown("variant", id, [...registry.variants.keys()], hint);
}

function unlistedVariant(registry: Registry, id: string): RegisteredVariant | undefined {
  for (const method of registry.methods) {
    const preset = method.plugin.presetOf?.(id, (base) => modelOf(registry, base)?.preset);
    if (preset === undefined) continue;
    const checked = isOwnModule(method.file) ? preset : checkPreset(preset, method.file);
    return withBase(registry, { preset: checked, ...method, external: method.plugin.processOf?.(checked) });
  }
  return undefined;
}

/** Adds the preset that a method changes; a worker's registry knows it where the worker was told its module. */
function withBase(registry: Registry, variant: RegisteredVariant): RegisteredVariant {
  const { preset, external, file } = variant;
  if (preset.base === undefined || external !== undefined) return variant;
  const base = registry.variants.get(preset.base) ?? unlistedVariant(registry, preset.base);
  return base === undefined || base.file === file ? variant : { ...variant, base };
}

/** Returns the model that methods may change; nothing for an unknown id. Throws HarnessError for a variant that is no model. */
function modelOf(registry: Registry, id: string): RegisteredVariant | undefined {
  const variant = registry.variants.get(id) ?? unlistedVariant(registry, id);
  const found = variant && otherThanModel(variant);
  if (found === undefined) return variant;
  throw new HarnessError(`${id}: no method can change it`, {
    found,
    expected: "a model that this project builds from weights",
    hint: "bench list variants names the models",
  });
}

/** Returns what a variant is that is no model whose graphs a method could change; nothing for a model. */
function otherThanModel({ preset, files, external, base }: RegisteredVariant): string | undefined {
  if (preset.role === "floor") return "a floor, which has no graphs";
  if (files !== undefined) return "ONNX files of your own";
  if (external !== undefined) return "another program's variant";
  return base === undefined ? undefined : `a method on ${base.preset.id}`;
}

/** Returns the variant whose checkpoints and nano weights this one runs on: itself, its base, or that one's base. */
export function weightsVariantOf(registry: Registry, variant: RegisteredVariant): RegisteredVariant {
  const { base } = variant.preset;
  return base === undefined ? variant : weightsVariantOf(registry, variantOf(registry, base));
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
