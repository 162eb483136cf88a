import type { TracedNode, TracedRun } from "./trace.ts";

/** Nodes of one operator that another provider than the one asked for ran, and the time of their work in ms. */
export interface Fallback {
  readonly operator: string;
  readonly provider: string;
  readonly nodes: number;
  readonly ms: number;
}

/** Says which provider ran the nodes of one graph, in one run of it. */
export interface Assignment {
  readonly graph: string;
  /** All nodes of the run but copies. */
  readonly nodes: number;
  /** Operators that ran elsewhere, those that took longest first; sizes that are computed on the processor are among them. */
  readonly fallbacks: readonly Fallback[];
  /** Copies between the device's memory and the processor's. */
  readonly copies: { readonly toProcessor: number; readonly toDevice: number };
  /** Time of the whole run in ms. */
  readonly runMs: number;
  /**
   * The most that copies take of the run, as a share: what neither the device's kernels nor nodes elsewhere account for. It
   * holds the handing over of work as well. Absent where the device does not time its kernels, or nothing is copied.
   */
  readonly copiesShare?: number | undefined;
}

const toProcessor = "MemcpyToHost";
const toDevice = "MemcpyFromHost";

/** Returns which provider ran what in a run of a graph, for which `provider` was asked. */
export function assignmentOf(graph: string, provider: string, run: TracedRun): Assignment {
  const work = run.nodes.filter(({ operator }) => operator !== toProcessor && operator !== toDevice);
  const count = (copy: string) => run.nodes.filter(({ operator }) => operator === copy).length;
  const copies = { toProcessor: count(toProcessor), toDevice: count(toDevice) };
  const explainedMs = work.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const isTimed = run.timedBy === "device" && copies.toProcessor + copies.toDevice > 0 && explainedMs <= run.durationMs;
  return {
    graph,
    nodes: work.length,
    fallbacks: fallbacksOf(work.filter((node) => node.provider !== provider)),
    copies,
    runMs: run.durationMs,
    copiesShare: isTimed ? 1 - explainedMs / run.durationMs : undefined,
  };
}

function fallbacksOf(nodes: readonly TracedNode[]): readonly Fallback[] {
  const found = new Map<string, Fallback>();
  for (const { operator, provider, durationMs } of nodes) {
    const key = `${operator} ${provider}`;
    const before = found.get(key) ?? { operator, provider, nodes: 0, ms: 0 };
    found.set(key, { ...before, nodes: before.nodes + 1, ms: before.ms + durationMs });
  }
  return [...found.values()].sort((a, b) => b.ms - a.ms);
}
