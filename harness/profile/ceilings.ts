import { measureSpeed } from "../estimate/machine.ts";
import { isInt8Product } from "../onnx/index.ts";
import type { ExecutedNode } from "./executedGraph.ts";

/** Rates that large products reach on this machine, in 10^9 multiply-accumulates a second. */
export interface Ceilings {
  readonly fp32: number;
  /** Absent where the graph multiplies no integers. */
  readonly int8?: number | undefined;
}

interface Runtime {
  readonly provider: string;
  readonly threads: number;
}

const defaults = {
  /** Times that each rate is measured: other work only slows a product, so the fastest counts. */
  tries: 3,
};

/** Measures the rates that a graph of these nodes is held against. */
export async function measureCeilings(runtime: Runtime, nodes: readonly ExecutedNode[]): Promise<Ceilings> {
  return {
    fp32: await fastest(() => measureSpeed(runtime)),
    int8: nodes.some(isInt8Product) ? await fastest(() => measureSpeed(runtime, "int8")) : undefined,
  };
}

async function fastest(measure: () => Promise<number>): Promise<number> {
  const rates: number[] = [];
  for (let i = 0; i < defaults.tries; i++) rates.push(await measure());
  return Math.max(...rates);
}

/** Returns the ms that the multiply-accumulates of a node take at the rate that is measured for its numbers. */
export function ceilingMs(node: ExecutedNode, { fp32, int8 = fp32 }: Ceilings): number {
  return node.macs / (isInt8Product(node) ? int8 : fp32) / 1e6;
}
