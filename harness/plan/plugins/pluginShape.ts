import { existsSync, realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type {
  Dataset,
  DatasetPlugin,
  Metric,
  Protocol,
  RgbImage,
  Size,
  VariantManifest,
  VariantPlugin,
} from "../../api.ts";
import { HarnessError } from "../../errors.ts";
import { isFunction, isText, requireFields, shown } from "./pluginRules.ts";

/** A module's default export is one of these. */
export type Plugin = VariantPlugin | DatasetPlugin | Metric | Protocol;

/**
 * Returns a module's default export as a plug-in. Throws HarnessError with the module, the place and the field that is wrong.
 */
export function pluginOf(given: unknown, file: string): Plugin {
  const plugin = given as Partial<VariantPlugin & DatasetPlugin & Metric & Protocol> | undefined;
  if (isFunction(plugin?.open)) {
    requireFields(plugin, "datasetPlugin", file);
    return plugin as DatasetPlugin;
  }
  if (isFunction(plugin?.fit)) return checkMetric(plugin as Metric, file);
  if (plugin?.passes !== undefined) return checkProtocol(plugin as Protocol, file);
  if (!Array.isArray(plugin?.presets) || !isFunction(plugin.build) || !isFunction(plugin.load))
    throw new HarnessError(`${file}: not a plug-in`, {
      expected:
        "a default export with presets, build and load (a variant), id and open (a dataset), fit (a metric) or passes (a protocol)",
      hint: "harness/api.ts has these types",
    });
  requireFields(plugin, "variant", file);
  for (const [i, preset] of plugin.presets.entries()) checkPreset(preset, file, i + 1);
  return plugin as VariantPlugin;
}

function checkMetric(metric: Metric, file: string): Metric {
  requireFields(metric, "metric", `${file}: metric ${metric.id}`);
  requireModule(metric.module, file);
  return metric;
}

function checkProtocol(protocol: Protocol, file: string): Protocol {
  const subject = `${file}: protocol ${protocol.id}`;
  requireFields(protocol, "protocol", subject);
  requireModule(protocol.module, file);
  for (const [i, pass] of protocol.passes.entries()) requireFields(pass, "pass", `${subject}: pass ${i + 1}`);
  for (const metric of protocol.metrics) requireFields(metric, "metric", `${subject}: metric ${metric.id}`);
  return protocol;
}

/** Throws HarnessError where `module` is not this file's URL: results are bound to the code of this file. */
function requireModule(module: unknown, file: string): void {
  const found = isText(module) && /^file:/.test(module as string) ? fileURLToPath(module as string) : undefined;
  if (found !== undefined && existsSync(found) && realpathSync(found) === realpathSync(file)) return;
  throw new HarnessError(`${file}: module`, { found: shown(module), expected: "import.meta.url" });
}

/** Returns a preset of a plug-in. Throws HarnessError as pluginOf. */
export function checkPreset(preset: VariantManifest, file: string, place = 1): VariantManifest {
  requireFields(preset, "preset", `${file}: preset ${preset?.id ?? place}`);
  return preset;
}

/** Returns the data set that a plug-in opened; each photo is checked when it is read. Throws HarnessError as pluginOf. */
export function checkDataset(dataset: Dataset, id: string): Dataset {
  const subject = `dataset ${id}`;
  requireFields(dataset, "dataset", subject);
  for (const [i, image] of dataset.images.entries())
    requireFields(image, "image", `${subject}: image ${i + 1} of its list`);
  const sizes = new Map(dataset.images.map((image) => [image.id, image.size]));
  const { listsOf } = dataset;
  return {
    id: dataset.id,
    images: dataset.images,
    categories: dataset.categories,
    fingerprint: dataset.fingerprint,
    warnings: dataset.warnings,
    credits: dataset.credits,
    async read(image) {
      const photo = await dataset.read(image);
      requirePhoto(photo, sizes.get(image)!, `${subject}: image ${image}`);
      return photo;
    },
    targetsOf: (image) => dataset.targetsOf(image),
    annotationsOf: (image) => dataset.annotationsOf(image),
    humanAgreement: dataset.humanAgreement,
    listsOf: listsOf === undefined ? undefined : (image) => listsOf.call(dataset, image),
  };
}

function requirePhoto({ size, pixels }: RgbImage, { height, width }: Size, subject: string): void {
  if (size?.height !== height || size.width !== width)
    throw new HarnessError(`${subject}: another size than in its list`, {
      found: `${size?.height} x ${size?.width}`,
      expected: `${height} x ${width}`,
    });
  if (!(pixels instanceof Uint8Array) || pixels.length !== 3 * height * width)
    throw new HarnessError(`${subject}: not three bytes a pixel`, {
      found: pixels instanceof Uint8Array ? pixels.length : shown(pixels),
      expected: 3 * height * width,
    });
}
