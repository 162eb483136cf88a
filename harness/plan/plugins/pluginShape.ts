import { existsSync, realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type {
  Dataset,
  DatasetPlugin,
  Metric,
  NanoWeights,
  Protocol,
  RgbImage,
  Size,
  VariantManifest,
  VariantPlugin,
} from "../../api.ts";
import { HarnessError } from "../../errors.ts";

/** An id is part of file names, and of lists that commas set apart, so it has these letters only. */
export const idPattern = /^(?!\.)[\w.+@-]+(\/(?!\.)[\w.+@-]+)*$/;

interface Rule {
  /** Name of the field, with dots where it lies deeper. */
  readonly field: string;
  readonly expected: string;
  fits(value: unknown): boolean;
}

/** A rule says what one field of something that a plug-in gives must be. */
function rule(field: string, expected: string, fits: (value: unknown) => boolean): Rule {
  return { field, expected, fits };
}

const isText = (value: unknown) => typeof value === "string" && value !== "";
const isFunction = (value: unknown) => typeof value === "function";
const isNumber = (value: unknown) => typeof value === "number" && Number.isFinite(value);
const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) > 0;
const isTexts = (value: unknown) => Array.isArray(value) && value.every((each) => typeof each === "string");
const isThree = (value: unknown) => Array.isArray(value) && value.length === 3 && value.every(isNumber);

const id = (field: string) =>
  rule(
    field,
    "letters, digits and . + - _ @, parts set apart by /",
    (value) => isText(value) && idPattern.test(value as string),
  );
const text = (field: string) => rule(field, "a text", isText);
const texts = (field: string) => rule(field, "a list of texts", isTexts);
const call = (field: string) => rule(field, "a function", isFunction);
const oneOf = (field: string, ...values: readonly string[]) =>
  rule(field, values.join(" or "), (value) => values.includes(value as string));

const presetRules: readonly Rule[] = [
  id("id"),
  text("title"),
  text("paper.title"),
  oneOf("size", "full", "nano"),
  rule("input.side", "a whole number of pixels", isCount),
  oneOf("input.fit", "pad", "stretch", "letterbox"),
  oneOf("input.resize", "pillow-bilinear", "bilinear", "opencv-bilinear"),
  rule("input.padValue", "a number, or three", (value) => isNumber(value) || isThree(value)),
  rule("input.mean", "three numbers", isThree),
  rule("input.std", "three numbers", isThree),
  oneOf("mask.path", "model-frame", "direct"),
  oneOf("mask.interpolation", "bilinear", "bicubic"),
  oneOf("mask.threshold", ">0", ">=0"),
  texts("lacks"),
  texts("notes"),
  rule("nanoWeights", "{ file, untrained }: a path and a list of inputs; or nothing", isNanoWeights),
];

const variantRules: readonly Rule[] = [
  rule("loadRaw", "a function, or nothing", (value) => value === undefined || isFunction(value)),
];

const datasetPluginRules: readonly Rule[] = [id("id"), text("title"), text("about"), call("open")];

/** Returns whether a value is a list of figures with title and id; the list may be empty. */
const isColumns = (value: unknown) => Array.isArray(value) && value.every(isColumn);

const metricRules: readonly Rule[] = [
  id("id"),
  text("title"),
  text("about"),
  text("headline"),
  oneOf("better", "higher", "lower"),
  oneOf("unit", "fraction"),
  oneOf("needs", "rows", "annotations"),
  texts("reads"),
  rule("columns", "a list of { id, title }", isColumns),
  rule("parts", "a list of { id, title, meaning }, or nothing", (value) => value === undefined || isColumns(value)),
  rule("joins", "a function, or nothing", (value) => value === undefined || isFunction(value)),
  call("fit"),
];

const protocolRules: readonly Rule[] = [
  id("id"),
  text("title"),
  text("about"),
  text("source"),
  oneOf("confidence", "repo", "paper", "summary", "secondary"),
  texts("needs"),
  oneOf("prompted", "annotations", "detections", "grid", "nothing"),
  rule("metrics", "a list of metrics", (value) => Array.isArray(value) && value.length > 0),
  rule("passes", "a list of passes", (value) => Array.isArray(value) && value.length > 0),
  rule("sizes", "a list of size ranges", Array.isArray),
  texts("notes"),
  call("includes"),
  call("iou"),
];

const passRules: readonly Rule[] = [
  text("sampler.id"),
  call("sampler.size"),
  call("sampler.prompts"),
  oneOf("looksAt", "single mask", "most confident", "three masks"),
  rule("scored", "a list of { step, prompts }", isSteps),
  call("choose"),
];

const datasetRules: readonly Rule[] = [
  rule("images", "a list of images", Array.isArray),
  rule("categories", "a list of categories", Array.isArray),
  text("fingerprint"),
  texts("warnings"),
  rule("credits", "a list of texts, or nothing", (value) => value === undefined || isTexts(value)),
  ...["read", "targetsOf", "annotationsOf"].map(call),
];

const imageRules: readonly Rule[] = [
  rule("id", "a whole number", (value) => Number.isSafeInteger(value) && (value as number) >= 0),
  text("fileName"),
  rule("size.height", "a whole number of pixels", isCount),
  rule("size.width", "a whole number of pixels", isCount),
];

function isNanoWeights(value: unknown): boolean {
  if (value === undefined) return true;
  const { file, untrained } = (value ?? {}) as Partial<NanoWeights>;
  return isText(file) && isTexts(untrained);
}

function isColumn(value: unknown): boolean {
  const { id: figure, title } = (value ?? {}) as { readonly id?: unknown; readonly title?: unknown };
  return isText(figure) && isText(title);
}

function isSteps(value: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0) return false;
  return value.every((each) => isCount(each?.step) && isText(each?.prompts) && idPattern.test(each.prompts));
}

/** A module's default export is one of these. */
export type Plugin = VariantPlugin | DatasetPlugin | Metric | Protocol;

/**
 * Returns a module's default export as a plug-in. Throws HarnessError with the module, the place and the field that is wrong.
 */
export function pluginOf(given: unknown, file: string): Plugin {
  const plugin = given as Partial<VariantPlugin & DatasetPlugin & Metric & Protocol> | undefined;
  if (isFunction(plugin?.open)) {
    check(plugin, datasetPluginRules, file);
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
  check(plugin, variantRules, file);
  for (const [i, preset] of plugin.presets.entries()) checkPreset(preset, file, i + 1);
  return plugin as VariantPlugin;
}

function checkMetric(metric: Metric, file: string): Metric {
  check(metric, metricRules, `${file}: metric ${metric.id}`);
  requireModule(metric.module, file);
  return metric;
}

function checkProtocol(protocol: Protocol, file: string): Protocol {
  const subject = `${file}: protocol ${protocol.id}`;
  check(protocol, protocolRules, subject);
  requireModule(protocol.module, file);
  for (const [i, pass] of protocol.passes.entries()) check(pass, passRules, `${subject}: pass ${i + 1}`);
  for (const metric of protocol.metrics) check(metric, metricRules, `${subject}: metric ${metric.id}`);
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
  check(preset, presetRules, `${file}: preset ${preset?.id ?? place}`);
  return preset;
}

/** Returns the data set that a plug-in opened; each photo is checked when it is read. Throws HarnessError as pluginOf. */
export function checkDataset(dataset: Dataset, id: string): Dataset {
  const subject = `dataset ${id}`;
  check(dataset, datasetRules, subject);
  for (const [i, image] of dataset.images.entries()) check(image, imageRules, `${subject}: image ${i + 1} of its list`);
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

function check(value: unknown, rules: readonly Rule[], subject: string): void {
  for (const { field, expected, fits } of rules) {
    const found = field
      .split(".")
      .reduce<unknown>((at, name) => (at as Record<string, unknown> | null | undefined)?.[name], value);
    if (!fits(found))
      throw new HarnessError(`${subject}: ${field}`, {
        found: shown(found),
        expected,
        hint: "harness/api.ts has its type",
      });
  }
}

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  return typeof value === "function" ? "a function" : (JSON.stringify(value)?.slice(0, 80) ?? typeof value);
}
