import { readFileSync } from "node:fs";
import type { DeclaredNode, GraphSignature } from "../api.ts";
import { readSignature } from "./files/signature.ts";
import { leastScores } from "./sessions/siftedInputs.ts";
import { cutModel, encodeGraphPart, type GraphPart } from "./write.ts";

/** Names of a decoder's outputs: what it computes last, and what tells whether that is needed. */
const names = { masks: "low_res_masks", scores: "iou_predictions" } as const;

export interface SiftedModel {
  readonly model: Uint8Array;
  /** Masks of a prompt. */
  readonly masks: number;
}

/**
 * These operators compute each prompt by itself, along the first axis, and fewer prompts have the same results to the last digit. A
 * mean over places and a product of one row for each prompt are missing: their sums depend on how many there are. So is what
 * finds a scale of integers at run time.
 */
const promptByPrompt = new Set([
  ...["Add", "Sub", "Mul", "Div", "Sqrt", "Relu", "Sigmoid", "Gelu", "BiasGelu", "Cast", "Identity"],
  ...["QuantizeLinear", "MatMulIntegerToFloat"],
  ...["FusedMatMul", "MatMulNBits", "LayerNormalization", "Reshape", "Transpose", "Slice"],
]);

/**
 * Returns a decoder's model with its last part, which makes the masks, run for some of the prompts alone: those of which a mask's
 * predicted IoU reaches `leastScores`. `low_res_masks` has these prompts, in their order; other outputs have them all. Tensors
 * beside the file stay there. Returns nothing for a decoder whose masks do not come last, or whose last part has an operator that
 * may look at all prompts at once, as one does that scales integers by the largest value.
 * Throws HarnessError as readSignature.
 */
export function siftedModel(file: string): SiftedModel | undefined {
  const signature = readSignature(file);
  const masks = signature.outputs.find(({ name }) => name === names.scores)?.dims?.[1];
  const nodes = signature.body?.nodes ?? [];
  const late = lateNodes(signature, nodes);
  if (typeof masks !== "number" || late.size < 2) return undefined;
  if (![...late].every(({ operator }) => promptByPrompt.has(operator))) return undefined;
  const gathered = valuesOfPrompts(signature, nodes, late);
  const inPlaceOf = new Map(gathered.map((name) => [name, own(name)]));
  const isLate = (node: number) => late.has(nodes[node]!);
  const [first, second] = cutModel(readFileSync(file), { isLate, inPlaceOf, output: names.masks });
  // Of a message that is written twice, protobuf joins the lists: nodes stand in the order in which they can run.
  return { masks, model: Buffer.concat([first, encodeGraphPart(sifting(gathered, masks)), second]) };
}

/**
 * Returns the nodes that only the masks need and in which each prompt stays by itself along the first axis. Where prompts change
 * places with another axis they become rows of one matrix, and the runtime adds up a product of one row in another order: such
 * nodes are small, and run for all prompts.
 */
function lateNodes({ outputs }: GraphSignature, nodes: readonly DeclaredNode[]): ReadonlySet<DeclaredNode> {
  const givers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const behind = (ends: readonly string[]) => {
    const found = new Set<DeclaredNode>();
    const open = [...ends];
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      const node = givers.get(name);
      if (node === undefined || found.has(node)) continue;
      found.add(node);
      open.push(...node.inputs);
    }
    return found;
  };
  const turned = nodes.flatMap((node) => (movesPrompts(node) ? node.outputs : []));
  const others = behind([...turned, ...outputs.flatMap(({ name }) => (name === names.masks ? [] : [name]))]);
  return new Set([...behind([names.masks])].filter((node) => !others.has(node)));
}

function movesPrompts({ operator, attributes }: DeclaredNode): boolean {
  const order = attributes?.perm;
  return operator === "Transpose" && !(Array.isArray(order) && order[0] === 0);
}

/**
 * Returns the names of the values that the late nodes read of earlier ones and that differ from prompt to prompt: those computed of
 * an input for any number of prompts. All others are the image's, or constants.
 */
function valuesOfPrompts(
  { inputs }: GraphSignature,
  nodes: readonly DeclaredNode[],
  late: ReadonlySet<DeclaredNode>,
): readonly string[] {
  const ofPrompts = new Set(inputs.flatMap(({ name, dims }) => (typeof dims?.[0] === "string" ? [name] : [])));
  const read = new Set<string>();
  for (const node of nodes) {
    const found = node.inputs.filter((name) => ofPrompts.has(name));
    if (late.has(node)) for (const name of found) read.add(name);
    else if (found.length > 0) for (const name of node.outputs) ofPrompts.add(name);
  }
  return [...read];
}

/** Returns the part between early and late nodes: it tells which prompts go on, and takes their values out of all. */
function sifting(gathered: readonly string[], masks: number): GraphPart {
  const zero = { name: own("number 0"), values: [0] };
  const one = { name: own("number 1"), values: [1] };
  const all = { name: own("number -1"), values: [-1] };
  const node = (operator: string, inputs: readonly string[], output: string) => {
    return { operator, inputs, outputs: [output] };
  };
  return {
    inputs: [{ name: leastScores, type: "float32", dims: [masks] }],
    numbers: [zero, one, all],
    nodes: [
      node("GreaterOrEqual", [names.scores, leastScores], own("reached")),
      node("Where", [own("reached"), one.name, zero.name], own("counted")),
      node("ReduceSum", [own("counted"), one.name], own("masks")),
      // The rows of what is not zero, and behind them its columns.
      node("NonZero", [own("masks")], own("places")),
      node("Gather", [own("places"), zero.name], own("row")),
      node("Reshape", [own("row"), all.name], own("prompts")),
      ...gathered.map((name) => node("Gather", [name, own("prompts")], own(name))),
    ],
    outputs: [names.masks],
  };
}

/** Names no value that a decoder has. */
function own(what: string): string {
  return `sifted ${what}`;
}
