import { isSame, type SideTensors } from "../../../diff/diff.ts";
import type { ComparedPair } from "../../../diff/tensors/divergence.ts";
import type { GraphTensor } from "../../../diff/tensors/graphTensors.ts";
import type { DiffText } from "./diff.ts";

/** Returns what `bench diff --json` prints. Samples stay out; errors are over the std of A's values. */
export function diffJson({
  diff,
  masks,
  sides,
  inputs,
}: Pick<DiffText, "diff" | "masks" | "sides" | "inputs">): object {
  const { tolerance, pairs, first, outputs, tooLarge, runs, memory } = diff;
  return {
    same: isSame(diff),
    sides,
    inputs,
    tolerance,
    first:
      first === undefined
        ? undefined
        : { ...pairOf(first.pair), inputs: first.inputs.map(pairOf), stored: first.stored },
    outputs,
    tensors: pairs.map(pairOf),
    tooLarge: tooLarge.map(({ a, b }) => ({ a: tensorOf(a), b: tensorOf(b) })),
    a: sideOf(diff.a),
    b: sideOf(diff.b),
    masks,
    runs,
    memory,
  };
}

function pairOf({ a, b, by, compared, error }: ComparedPair): object {
  return { a: tensorOf(a), b: tensorOf(b), matchedBy: by, compared, error };
}

function tensorOf({ name, place, node, dims }: GraphTensor): object {
  return { name, place: place + 1, node: node.name, operator: node.operator, dims };
}

function sideOf({ count, alone, skipped }: SideTensors): object {
  return { tensors: count, withoutPartner: alone.map(tensorOf), notCompared: skipped };
}
