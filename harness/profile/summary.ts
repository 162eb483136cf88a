import type { TracedRun } from "../onnx/trace/trace.ts";
import { median } from "../stats/summary.ts";
import { processor } from "../store/rowName.ts";
import { type Ceilings, ceilingMs } from "./ceilings.ts";
import type { ExecutedNode } from "./executedGraph.ts";
import { layersOf } from "./layers.ts";
import { liveBytes } from "./liveTensors.ts";
import { blocksOf } from "./modules.ts";

/** An entry says what some nodes of the graph take together: those of a block, of a layer, or of one kind of operator. */
export interface ProfileEntry {
  readonly name: string;
  readonly nodes: number;
  /** Median over the runs, as is `share`, the share of the run's whole time. */
  readonly timeMs: number;
  readonly share: number;
  readonly gmacs: number;
  /** Absent where nothing is multiplied, as is `ofCeiling`: the share of the rate that the machine reaches on large products. */
  readonly gmacsPerSecond?: number | undefined;
  readonly ofCeiling?: number | undefined;
  /** The most bytes of tensors that are alive while one of the nodes runs, computed from their lifetimes. */
  readonly liveBytes: number;
}

/** The nodes of one operator in one layer. */
export interface ProfileLeaf extends ProfileEntry {
  readonly block: string;
  readonly layer: string;
  readonly operator: string;
}

export interface ProfileSummary {
  readonly blocks: readonly ProfileEntry[];
  readonly layers: readonly (ProfileEntry & { readonly block: string })[];
  readonly operators: readonly ProfileEntry[];
  /** Layers by operators: the finest things that have a name. */
  readonly leaves: readonly ProfileLeaf[];
  /** The same, with the layer of all blocks of a list as one: `blocks.*.mlp.lin1, MatMul`. */
  readonly alike: readonly ProfileEntry[];
}

interface Placed {
  readonly node: ExecutedNode;
  readonly layer: string;
  readonly block: string;
  readonly liveBytes: number;
  /** Time in each run. */
  readonly timesMs: readonly number[];
}

/**
 * Adds up the nodes of the runs by block, by layer and by operator. Blocks, layers and leaves come in the order in which the graph
 * runs them, operators and what is alike with the slowest first.
 */
export function summarise(
  runs: readonly TracedRun[],
  nodes: readonly ExecutedNode[],
  ceilings: Ceilings,
): ProfileSummary {
  const layers = layersOf(nodes);
  const blockOf = blocksOf([...new Set(layers)]);
  const live = liveBytes(nodes);
  const ofWork = runs.every(timesWork);
  const placed = nodes.map((node, i): Placed => {
    const layer = layers[i]!;
    const timesMs = runs.map((run) => run.nodes[i]!.durationMs);
    return { node, layer, block: blockOf(layer), liveBytes: live[i]!, timesMs };
  });
  const runsMs = runs.map(({ durationMs }) => durationMs);
  const entries = (keyOf: (each: Placed) => string) =>
    [...grouped(placed, keyOf)].map(([name, own]) => ({
      own,
      entry: entryOf(name, own, { runsMs, ceilings, ofWork }),
    }));
  return {
    blocks: entries(({ block }) => block).map(({ entry }) => entry),
    layers: entries(({ layer }) => layer).map(({ own, entry }) => ({ ...entry, block: own[0]!.block })),
    operators: slowestFirst(entries(({ node }) => node.operator)),
    alike: slowestFirst(entries((each) => `${inAnyBlock(each)}, ${each.node.operator}`)),
    leaves: entries(({ layer, node }) => `${layer} ${node.operator}`).map(({ own: [first], entry }) => {
      const { block, layer, node } = first!;
      return { ...entry, block, layer, operator: node.operator };
    }),
  };
}

/** Tells whether the times of a run's nodes are those of their work: on a device that times nothing, they are those of handing it over. */
export function timesWork({ timedBy, nodes }: TracedRun): boolean {
  return timedBy === "device" || nodes.every(({ provider }) => provider === processor);
}

function slowestFirst(entries: readonly { readonly entry: ProfileEntry }[]): readonly ProfileEntry[] {
  return entries.map(({ entry }) => entry).sort((a, b) => b.timeMs - a.timeMs);
}

/** Returns a layer's name with a star for the number of its block. */
function inAnyBlock({ block, layer }: Pick<Placed, "block" | "layer">): string {
  return `${block.replace(/\.\d+$/, ".*")}${layer.slice(block.length)}`;
}

/** Groups by a key, in the order in which keys come first. */
function grouped(placed: readonly Placed[], keyOf: (each: Placed) => string): ReadonlyMap<string, Placed[]> {
  const groups = new Map<string, Placed[]>();
  for (const each of placed) {
    const key = keyOf(each);
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return groups;
}

interface EntryContext {
  readonly runsMs: readonly number[];
  readonly ceilings: Ceilings;
  /** False where the times of nodes are not those of their work. */
  readonly ofWork: boolean;
}

function entryOf(name: string, own: readonly Placed[], { runsMs, ceilings, ofWork }: EntryContext): ProfileEntry {
  const sums = runsMs.map((_, run) => own.reduce((sum, { timesMs }) => sum + timesMs[run]!, 0));
  const timeMs = median(sums);
  const macs = own.reduce((sum, { node }) => sum + node.macs, 0);
  const leastMs = own.reduce((sum, { node }) => sum + ceilingMs(node, ceilings), 0);
  const multiplies = macs > 0 && timeMs > 0 && ofWork;
  return {
    name,
    nodes: own.length,
    timeMs,
    share: median(sums.map((sum, run) => sum / runsMs[run]!)),
    gmacs: macs / 1e9,
    gmacsPerSecond: multiplies ? macs / 1e6 / timeMs : undefined,
    ofCeiling: multiplies ? leastMs / timeMs : undefined,
    liveBytes: Math.max(...own.map((each) => each.liveBytes)),
  };
}
