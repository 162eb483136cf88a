import { HarnessError } from "../errors.ts";
import { readContents } from "../onnx/files/contents.ts";
import { largest } from "../stats/summary.ts";
import type { DiffRequest, GraphSide } from "./request.ts";
import { GraphRuns } from "./runs.ts";
import { type ComparedPair, type Divergence, firstDivergence, withoutChance } from "./tensors/divergence.ts";
import {
  computedValues,
  type GraphTensor,
  isRearranged,
  type SkippedValue,
  type TensorGraph,
  tensorGraph,
} from "./tensors/graphTensors.ts";
import { groupsOf, nextGroup, pairBytes } from "./tensors/groups.ts";
import { matchTensors, type OutputPair, pairedOutputs, type TensorPair } from "./tensors/matching.ts";
import { diverges, errorOf, type TensorError } from "./tensors/tensorError.ts";

/** The difference of two graphs, tensor by tensor. */
export interface GraphDiff {
  readonly tolerance: number;
  /** Pairs in the order in which A computes them. */
  readonly pairs: readonly ComparedPair[];
  /** Absent where every pair agrees. */
  readonly first?: Divergence | undefined;
  /** Outputs of the graphs as they are run everywhere else, with the runtime's optimisation. */
  readonly outputs: readonly (OutputPair & { readonly error: TensorError })[];
  readonly a: SideTensors;
  readonly b: SideTensors;
  /** Pairs that were too large for the memory. */
  readonly tooLarge: readonly TensorPair[];
  /** True where tensors without a name in common were too many to be matched by order. */
  readonly namesAlone: boolean;
  readonly runs: number;
  readonly memory: { readonly allowedBytes: number; readonly peakBytes: number };
}

/** Tensors of one side, and what was left out. */
export interface SideTensors {
  readonly count: number;
  readonly alone: readonly GraphTensor[];
  /** Values that are not of floating point. */
  readonly skipped: readonly SkippedValue[];
}

/**
 * Tells whether the two graphs agree: every tensor that was compared, and the outputs as they are run everywhere else. Where nothing
 * could be compared they do not.
 */
export function isSame({ first, pairs, outputs, tolerance }: GraphDiff): boolean {
  return (
    pairs.length + outputs.length > 0 &&
    first === undefined &&
    outputs.every(({ error }) => !diverges(error, tolerance))
  );
}

/**
 * Compares two graphs on the same inputs. Each runs once for samples of all its values, once as it is for its outputs, and then as
 * often as values of all pairs fit into the memory. Throws HarnessError where a graph alone takes more, where the runtime refuses
 * one, and Stopped after Ctrl-C.
 */
export async function diffGraphs(request: DiffRequest): Promise<GraphDiff> {
  const runs = new GraphRuns(request);
  const a = await surveyed(request.a, (names) => survey(runs, "a", names));
  const b =
    request.b.signature.file === request.a.signature.file
      ? a
      : await surveyed(request.b, (names) => survey(runs, "b", names));
  const outputs = pairedOutputs(request.a.signature.outputs, request.b.signature.outputs);
  const outputErrors = await untouchedOutputs(runs, outputs, { a, b });
  const { pairs, aloneA, aloneB, namesAlone } = matchTensors(a, b, outputs);
  const compared = await comparedPairs(runs, request, pairs);
  const { pairs: found, byChance } = withoutChance(compared.pairs, { a, b }, request.tolerance);
  const alone = (others: readonly GraphTensor[], side: "a" | "b") =>
    [...others, ...byChance.map((pair) => pair[side])].toSorted((x, y) => x.place - y.place);
  return {
    tolerance: request.tolerance,
    pairs: found,
    first: firstDivergence(found, { a, b }, request.tolerance),
    outputs: outputErrors,
    a: { count: a.tensors.length, alone: alone(aloneA, "a"), skipped: a.skipped },
    b: { count: b.tensors.length, alone: alone(aloneB, "b"), skipped: b.skipped },
    tooLarge: compared.tooLarge,
    namesAlone,
    runs: runs.done,
    memory: { allowedBytes: request.memoryBytes, peakBytes: runs.peakBytes },
  };
}

/** Oldest version of ONNX's operators whose Slice takes its step as an input. */
const oldestOpset = 10;

async function surveyed(
  { title, signature }: GraphSide,
  survey: (names: Names) => Promise<Parameters<typeof tensorGraph>[1]>,
): Promise<TensorGraph> {
  const contents = readContents(signature.file);
  if (contents.opset !== undefined && contents.opset < oldestOpset)
    throw new HarnessError(`${title}: its operators are too old to look into`, {
      found: `opset ${contents.opset}`,
      expected: `at least ${oldestOpset}`,
      hint: "export it again, or convert it with onnx.version_converter",
    });
  const outputs = new Set(signature.outputs.map(({ name }) => name));
  const names = computedValues(contents);
  return tensorGraph(contents, await survey({ names, inner: names.filter((name) => !outputs.has(name)) }));
}

interface Names {
  readonly names: readonly string[];
  readonly inner: readonly string[];
}

/** Runs that come at least: two surveys, two of outputs, two of values. */
const leastRuns = 6;

async function survey(runs: GraphRuns, side: "a" | "b", names: Names) {
  const left = leastRuns - runs.done;
  return (await runs.call(side, "survey", { ...names, optimisation: "disabled", what: "finding tensors", left }))
    .values;
}

/**
 * Compares the outputs of the graphs as they are, with every optimisation of the runtime. Outputs that are not floats are left out.
 * Throws HarnessError for outputs of other shapes: the graphs can not be the same.
 */
async function untouchedOutputs(
  runs: GraphRuns,
  outputs: readonly OutputPair[],
  { a, b }: { readonly a: TensorGraph; readonly b: TensorGraph },
): Promise<GraphDiff["outputs"]> {
  const tensorIn = (graph: TensorGraph, name: string) => graph.tensors.find((tensor) => tensor.name === name);
  const shared = outputs.filter((pair) => {
    const own = tensorIn(a, pair.a);
    const other = tensorIn(b, pair.b);
    if (own === undefined || other === undefined) return false;
    if (own.elements === other.elements) return true;
    throw new HarnessError(`output ${pair.a}: the two graphs give other shapes`, {
      found: `${own.dims} in A, ${other.dims} in B`,
      hint: "graphs are compared that should be the same; --part names another graph of a variant",
    });
  });
  if (shared.length === 0) return [];
  const common = { inner: [], optimisation: "all", what: "outputs" } as const;
  await runs.call("a", "keep", { ...common, names: shared.map((pair) => pair.a), left: 4 });
  const { errors } = await runs.call("b", "compare", { ...common, names: shared.map((pair) => pair.b), left: 3 });
  return shared.map((pair, i) => ({ ...pair, error: errors[i]! }));
}

/** Copies of its largest value that a run may hold beside what it holds anyway: an output is not overwritten by what follows. */
const copies = 3;

/**
 * Compares all pairs, in groups whose values fit into the memory beside what a run of the graph takes. The memory of the runs so far
 * tells how much that is.
 */
async function comparedPairs(runs: GraphRuns, request: DiffRequest, pairs: readonly TensorPair[]) {
  const bySamples = pairs.filter(({ a, b }) => isRearranged(a) && isRearranged(b));
  const samples = bySamples.map((pair): ComparedPair => {
    return { ...pair, compared: "samples", error: errorOf(pair.a.samples, pair.b.samples) };
  });
  const sampled = new Set(bySamples);
  const whole = pairs.filter((pair) => !sampled.has(pair));
  let baseBytes = runs.peakBytes;
  requireRoom(request, baseBytes);
  const room = (pair: TensorPair) => {
    const running = request.memoryBytes - baseBytes - copies * pairBytes(pair);
    // Behind a run the runtime's values are there twice, until they are copied into this program's.
    return Math.min(running, (request.memoryBytes - runs.openBytes) / 2);
  };
  const tooLarge: TensorPair[] = [];
  const found: ComparedPair[] = [];
  for (let rest: readonly TensorPair[] = whole; rest.length > 0; ) {
    const fits = (pair: TensorPair) => pairBytes(pair) <= room(pair);
    tooLarge.push(...rest.filter((pair) => !fits(pair)));
    const { group, rest: later } = nextGroup(rest.filter(fits), room);
    if (group.length === 0) break;
    const left = 2 * (1 + groupsOf(later, room));
    const compared = await groupErrors(runs, request, { group, left });
    for (const [i, pair] of group.entries()) found.push({ ...pair, compared: "values", error: compared.errors[i]! });
    baseBytes = Math.max(baseBytes, compared.baseBytes);
    rest = later;
  }
  return { pairs: [...found, ...samples].toSorted((x, y) => x.a.place - y.a.place), tooLarge };
}

/** Throws HarnessError where a run of the graphs leaves no memory for values. */
function requireRoom({ memoryBytes }: DiffRequest, baseBytes: number): void {
  if (memoryBytes > baseBytes) return;
  const megabytes = (bytes: number) => `${Math.ceil(bytes / 1e6)}MB`;
  throw new HarnessError("--memory: a run of the graphs alone takes more", {
    found: megabytes(memoryBytes),
    expected: `over ${megabytes(baseBytes)}`,
    hint: "give it more, or fewer --threads",
  });
}

async function groupErrors(
  runs: GraphRuns,
  { a, b }: DiffRequest,
  { group, left }: { readonly group: readonly TensorPair[]; readonly left: number },
) {
  const asked = (side: GraphSide, names: readonly string[]) => {
    const outputs = new Set(side.signature.outputs.map(({ name }) => name));
    return { names, inner: names.filter((name) => !outputs.has(name)), optimisation: "disabled" } as const;
  };
  const what = `${group.length} tensors`;
  const namesA = group.map((pair) => pair.a.name);
  const namesB = group.map((pair) => pair.b.name);
  const kept = await runs.call("a", "keep", { ...asked(a, namesA), what, left });
  const compared = await runs.call("b", "compare", { ...asked(b, namesB), what, left: left - 1 });
  const bytes = group.reduce((sum, pair) => sum + pairBytes(pair), 0);
  const peakBytes = Math.max(kept.peakBytes, compared.peakBytes);
  const copying = runs.openBytes + 2 * bytes;
  // Where the peak was while values were copied, it tells nothing of the run.
  const baseBytes = peakBytes > 1.1 * copying ? peakBytes - bytes - copies * largest(group.map(pairBytes)) : 0;
  return { errors: compared.errors, baseBytes };
}
