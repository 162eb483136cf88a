import type { DeclaredNode, EncoderInput, GraphBody, ModelInputSpec, Rgb } from "../../harness/api.ts";
import { samInput } from "../sam/presets.ts";

/** Scaling that a graph's first nodes apply to a pixel: it has a factor and a summand a channel. */
interface Scaling {
  readonly factor: Rgb;
  readonly summand: Rgb;
}

/** Input that an encoder gets, and a note that says why. */
interface TakenInput {
  readonly spec: Pick<ModelInputSpec, "mean" | "std" | "padValue">;
  readonly note: string;
}

/** The largest number of nodes that are looked through between the image and the first layer. */
const mostNodes = 32;
const passing = new Set(["Identity", "Cast", "Transpose", "Unsqueeze", "Squeeze", "Reshape", "Pad", "Resize"]);
const scaling = new Set(["Sub", "Add", "Mul", "Div"]);
/** Range that a network's own input spans: it is about 5 for pixels by SAM's mean and std, and 1 for 0 … 1. */
const spans = { least: 0.5, most: 20 };

/**
 * Returns the input that an encoder of float [1, 3, side, side] takes: what the user says, or what the graph's first nodes
 * show. The last parameter holds the mean and std that the model's pixels are normalised by, SAM's if left out.
 */
export function takenInput(
  body: GraphBody | undefined,
  input: string,
  said: EncoderInput | undefined,
  { mean, std }: Pick<ModelInputSpec, "mean" | "std"> = samInput,
): TakenInput {
  const found = body === undefined ? undefined : firstScaling(body, input);
  const by = (reason: string) => (said === undefined ? reason : "--input says so");
  const normalised = { mean, std, padValue: 0 } as const;
  if (said === "normalised" || (said === undefined && found === undefined))
    return { spec: normalised, note: `input: normalised pixels (${by("the graph's first nodes scale nothing")})` };
  // Without a scaling that is known, raw pixels are padded with the model's mean, which its normalisation makes 0.
  const { factor, summand } = found ?? {
    factor: byChannel(std, (each) => 1 / each),
    summand: byChannel(mean, (each, i) => -each / std[i]),
  };
  const largest = takesBytes({ factor, summand }) ? 255 : 1;
  const zero = byChannel(factor, (each, i) => -summand[i] / each);
  return {
    spec: { mean: [0, 0, 0], std: largest === 255 ? [1, 1, 1] : [255, 255, 255], padValue: zero },
    note: `input: raw pixels, 0 … ${largest} (${by("the graph's first nodes normalise them")}); what the photo leaves free is filled so that the graph makes it 0`,
  };
}

function byChannel(of: Rgb, change: (value: number, channel: 0 | 1 | 2) => number): Rgb {
  return [change(of[0], 0), change(of[1], 1), change(of[2], 2)];
}

/** Says whether pixels of 0 … 255, not of 0 … 1, become what a network spans. */
function takesBytes({ factor, summand }: Scaling): boolean {
  const spanned = Math.max(...factor.map(Math.abs));
  return spanned < spans.least || Math.max(...summand.map(Math.abs)) > spans.most;
}

/** Returns the scaling that the image goes through before the first layer; nothing where there is none. */
function firstScaling({ nodes, constants }: GraphBody, input: string): Scaling | undefined {
  let value = input;
  let factor: Rgb = [1, 1, 1];
  let summand: Rgb = [0, 0, 0];
  let scaled = false;
  for (let seen = 0; seen < mostNodes; seen++) {
    const users = nodes.filter((node) => node.inputs.includes(value) && node.operator !== "Shape");
    const [next, ...others] = users;
    if (next === undefined || others.length > 0) break;
    if (scaling.has(next.operator)) {
      const constant = channelsOf(next, value, constants);
      if (constant === undefined) break;
      scaled = true;
      const each = (of: Rgb, change: (value: number, by: number) => number) =>
        byChannel(of, (value, i) => change(value, constant[i]));
      if (next.operator === "Add") summand = each(summand, (a, b) => a + b);
      if (next.operator === "Sub") summand = each(summand, (a, b) => a - b);
      if (next.operator === "Mul") [factor, summand] = [each(factor, (a, b) => a * b), each(summand, (a, b) => a * b)];
      if (next.operator === "Div") [factor, summand] = [each(factor, (a, b) => a / b), each(summand, (a, b) => a / b)];
    } else if (!passing.has(next.operator)) break;
    value = next.outputs[0] ?? "";
  }
  return scaled ? { factor, summand } : undefined;
}

/** Returns the constant of a node, one number a channel; the image comes first where the order matters. */
function channelsOf(
  { operator, inputs }: DeclaredNode,
  image: string,
  constants: ReadonlyMap<string, readonly number[]>,
): Rgb | undefined {
  const [first, second] = inputs;
  const commutes = operator === "Add" || operator === "Mul";
  const name = first === image ? second : commutes ? first : undefined;
  const values = constants.get(name ?? "");
  if (values?.length === 1) return [values[0]!, values[0]!, values[0]!];
  return values?.length === 3 ? [values[0]!, values[1]!, values[2]!] : undefined;
}
