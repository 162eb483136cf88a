import type { NanoWeights, Precision, SeededScale, StepFigure } from "../../api.ts";
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

export const isText = (value: unknown) => typeof value === "string" && value !== "";
export const isFunction = (value: unknown) => typeof value === "function";
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

/** Returns whether a value is a list of precisions; nothing is fine. */
function isPrecisions(value: unknown): boolean {
  if (value === undefined) return true;
  return (
    Array.isArray(value) &&
    value.every((each: Partial<Precision>) => isText(each.name) && isText(each.describe) && isFunction(each.idOf))
  );
}

const presetRules: readonly Rule[] = [
  id("id"),
  text("title"),
  text("paper.title"),
  oneOf("size", "full", "nano"),
  rule("input.side", "a whole number of pixels", isCount),
  rule("input.promptSide", "a whole number of pixels, or nothing", (value) => value === undefined || isCount(value)),
  oneOf("input.fit", "pad", "stretch", "letterbox"),
  oneOf("input.resize", "pillow-bilinear", "opencv-bilinear", "bilinear", "bilinear-antialias"),
  rule("input.padValue", "a number, or three", (value) => isNumber(value) || isThree(value)),
  rule("input.mean", "three numbers", isThree),
  rule("input.std", "three numbers", isThree),
  oneOf("mask.path", "model-frame", "direct"),
  oneOf("mask.interpolation", "bilinear", "bicubic"),
  oneOf("mask.threshold", ">0", ">=0"),
  texts("lacks"),
  texts("notes"),
  rule("seededScale", "{ prefix, suffix, factor }: two texts and a number; or nothing", isSeededScale),
  rule("nanoWeights", "{ file, untrained }: a path and a list of inputs; or nothing", isNanoWeights),
];

const variantRules: readonly Rule[] = [
  rule("precisions", "a list of { name, describe, idOf }, or nothing", isPrecisions),
  rule("loadRaw", "a function, or nothing", (value) => value === undefined || isFunction(value)),
  rule("decoderRules", "a function, or nothing", (value) => value === undefined || isFunction(value)),
];

const datasetPluginRules: readonly Rule[] = [
  id("id"),
  text("title"),
  text("about"),
  call("open"),
  rule("unlabelled", "true, or nothing", (value) => value === undefined || value === true),
  rule("recognises", "a function, or nothing", (value) => value === undefined || isFunction(value)),
];

/** Returns whether a value is a list of figures with title and id; the list may be empty. */
const isColumns = (value: unknown) => Array.isArray(value) && value.every(isColumn);

/** Returns whether a value is a list of figures, each with the step that it is of. */
const isStepFigures = (value: unknown) =>
  Array.isArray(value) &&
  value.every((each) => isText((each as Partial<StepFigure>).id) && isCount((each as Partial<StepFigure>).step));

/** Returns whether a value is two numbers, the lesser first. */
const isRange = (value: unknown) =>
  Array.isArray(value) && value.length === 2 && value.every(isNumber) && value[0] < value[1];

const metricRules: readonly Rule[] = [
  id("id"),
  text("title"),
  text("about"),
  text("headline"),
  oneOf("better", "higher", "lower"),
  oneOf("unit", "fraction", "clicks"),
  rule("severalSteps", "true or false, or nothing", (value) => value === undefined || typeof value === "boolean"),
  oneOf("needs", "rows", "annotations"),
  texts("reads"),
  rule("columns", "a list of { id, title }", isColumns),
  rule("bySteps", "a list of { id, step }, or nothing", (value) => value === undefined || isStepFigures(value)),
  rule("range", "[least, most], or nothing", (value) => value === undefined || isRange(value)),
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

function isSeededScale(value: unknown): boolean {
  if (value === undefined) return true;
  const { prefix, suffix, factor } = (value ?? {}) as Partial<SeededScale>;
  return typeof prefix === "string" && typeof suffix === "string" && isNumber(factor);
}

function isColumn(value: unknown): boolean {
  const { id: figure, title } = (value ?? {}) as { readonly id?: unknown; readonly title?: unknown };
  return isText(figure) && isText(title);
}

function isSteps(value: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0) return false;
  return value.every((each) => isCount(each?.step) && isText(each?.prompts) && idPattern.test(each.prompts));
}

/** The rules for each kind of thing that a plug-in gives. */
const rules = {
  preset: presetRules,
  variant: variantRules,
  datasetPlugin: datasetPluginRules,
  metric: metricRules,
  protocol: protocolRules,
  pass: passRules,
  dataset: datasetRules,
  image: imageRules,
};

/** Throws HarnessError naming the first field of a value that breaks a rule of its kind. */
export function requireFields(value: unknown, kind: keyof typeof rules, subject: string): void {
  for (const { field, expected, fits } of rules[kind]) {
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

/** Returns a value in a few words, for a message. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  return typeof value === "function" ? "a function" : (JSON.stringify(value)?.slice(0, 80) ?? typeof value);
}
