import type { Precision } from "../api.ts";
import { HarnessError, unknown } from "../errors.ts";
import { providers } from "../onnx/index.ts";

/** A figure of a point that is better the larger it is; the knee of its curve is looked for. */
export type Gain = "images/s" | "prompts/s" | "accuracy";

/** An axis describes itself: its values, what they change, and how tables and charts name them. */
interface AxisKind {
  readonly describe: string;
  /** Title of its column, with the unit. */
  readonly title: string;
  /** The least and the greatest number; names for an axis without numbers. */
  readonly values: readonly [least: number, most: number] | "names";
  /** `changes`: masks differ from point to point, so that each has an accuracy of its own. */
  readonly accuracy: "changes" | "stays";
  /** Absent for an axis whose values have no order. */
  readonly gain?: Gain;
  label(value: AxisValue): string;
}

export type AxisValue = number | string;

const counted = (what: string) => (value: AxisValue) => `${value} ${what}${value === 1 ? "" : "s"}`;

export const axisKinds = {
  batch: {
    describe: "images in one call of the encoder",
    title: "batch, images",
    values: [1, 256],
    accuracy: "stays",
    gain: "images/s",
    label: (value) => `batch ${value}`,
  },
  side: {
    describe: "side of the model input in px",
    title: "side, px",
    values: [32, 4096],
    accuracy: "changes",
    gain: "accuracy",
    label: (value) => `${value} px`,
  },
  threads: {
    describe: "threads of the runtime",
    title: "threads",
    values: [1, 1024],
    accuracy: "stays",
    gain: "images/s",
    label: counted("thread"),
  },
  prompts: {
    describe: "prompts in one call of decode",
    title: "prompts a call",
    values: [1, 4096],
    accuracy: "stays",
    gain: "prompts/s",
    label: counted("prompt"),
  },
  precision: {
    describe: "number format of the model, by the words of bench list precisions",
    title: "precision",
    values: "names",
    accuracy: "changes",
    label: String,
  },
  provider: {
    describe: "execution provider of ONNX Runtime",
    title: "provider",
    values: "names",
    accuracy: "changes",
    label: String,
  },
} as const satisfies Readonly<Record<string, AxisKind>>;

export type AxisName = keyof typeof axisKinds;

/** An axis with the values that were asked for, in their order. */
export interface Axis {
  readonly name: AxisName;
  readonly values: readonly AxisValue[];
}

export function kindOf({ name }: Pick<Axis, "name">): AxisKind {
  return axisKinds[name];
}

const example = "--over batch=1,2,4,8";
const mostAxes = 2;

/** Returns the axes of `NAME=VALUE,VALUE,…`, one or two. Throws HarnessError for anything else. */
export function parseAxes(texts: readonly string[], precisions: readonly Precision[] = []): readonly Axis[] {
  if (texts.length === 0) throw new HarnessError("--over: over what?", { hint: example });
  const axes = texts.map((text) => parseAxis(text, precisions));
  if (axes.length > mostAxes)
    throw new HarnessError("--over: more than two axes", {
      found: axes.map(({ name }) => name).join(", "),
      hint: "points are every value of one with every value of the other; sweep the third by itself",
    });
  if (axes.length === 2 && axes[0]!.name === axes[1]!.name)
    throw new HarnessError(`--over ${axes[0]!.name}: stands twice`, {
      hint: `write its values as one list: ${example}`,
    });
  return axes;
}

function parseAxis(text: string, precisions: readonly Precision[]): Axis {
  const [name = "", list] = text.split(/=(.*)/s);
  if (!isAxisName(name)) throw unknown("axis", name, Object.keys(axisKinds), example);
  const words = (list ?? "").split(",").map((word) => word.trim());
  const { values: kind } = kindOf({ name });
  const values = words.map((word) => (kind === "names" ? nameOf(name, word, precisions) : numberOf(name, word, kind)));
  const double = values.find((value, i) => values.indexOf(value) < i);
  if (double !== undefined) throw new HarnessError(`--over ${name}: a value stands twice`, { found: String(double) });
  if (values.length < 2)
    throw new HarnessError(`--over ${name}: one value is no axis`, { found: text, expected: "two values or more" });
  return { name, values };
}

function isAxisName(text: string): text is AxisName {
  return Object.hasOwn(axisKinds, text);
}

function numberOf(name: AxisName, word: string, [least, most]: readonly [number, number]): number {
  const value = Number(word);
  if (word !== "" && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new HarnessError(`--over ${name}: no value of this axis`, {
    found: word === "" ? "nothing" : word,
    expected: `a whole number from ${least} to ${most}`,
  });
}

function nameOf(name: AxisName, word: string, precisions: readonly Precision[]): string {
  const known = name === "provider" ? providers() : precisions.map((precision) => precision.name);
  if (known.includes(word)) return word;
  throw unknown(name, word, known, `--over ${name}=${known.slice(0, 2).join(",")}`);
}
