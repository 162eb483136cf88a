import { readFileSync, statSync } from "node:fs";
import { basename } from "node:path";
import { z } from "zod";
import { HarnessError } from "../../errors.ts";
import { refuseIrregular } from "../../files.ts";
import { checked, parseJson } from "../../foreign.ts";
import { limits } from "../../limits.ts";
import { visible } from "../../visible.ts";

/** A node of one run: its name in the optimised graph, its time, and the shapes of what it took and gave. */
export interface TracedNode {
  readonly name: string;
  readonly operator: string;
  /** The provider that ran it, by its short name: cpu, webgpu, cuda. */
  readonly provider: string;
  /**
   * Time of its work: on the processor as the runtime timed it, on a device as the device timed its kernels where it does. What the
   * runtime times of a node on a device is how long it took to hand the work over.
   */
  readonly durationMs: number;
  readonly inputs: readonly (readonly number[])[];
  readonly outputs: readonly (readonly number[])[];
  /** Bytes of all outputs together. */
  readonly outputBytes: number;
}

/** A run of the graph as the runtime timed it, with its nodes in the order in which they ran. */
export interface TracedRun {
  readonly durationMs: number;
  /** Says whether a device timed the kernels of the run itself. */
  readonly timedBy: "runtime" | "device";
  readonly nodes: readonly TracedNode[];
}

/** Times are whole microseconds from the start of the session. */
const event = z.object({
  cat: z.string(),
  name: z.string(),
  ts: z.number().nonnegative(),
  dur: z.number().nonnegative(),
  args: z.unknown(),
});

type Event = z.infer<typeof event>;

/** A tensor is written as its shape under the name of its type: `{ "float": [1, 96, 32, 32] }`. */
const shapes = z.array(z.record(z.string(), z.array(z.number().int().nonnegative())));

const nodeFacts = z.object({
  op_name: z.string(),
  provider: z.string().default("CPUExecutionProvider"),
  output_size: z.coerce.number().nonnegative(),
  input_type_shape: shapes,
  output_type_shape: shapes,
});

const nodeSuffix = "_kernel_time";

/** Categories of events that a device timed: WebGPU's timestamps, and the kernels of CUDA's profiling interface. */
const deviceCategories = ["Api", "Kernel"];

/**
 * Reads the profile that ONNX Runtime writes when a session ends, of a graph that goes through the same nodes in every run. Throws
 * HarnessError as readRuns does, and where runs differ in their nodes.
 */
export function readTrace(file: string): readonly TracedRun[] {
  const runs = readRuns(file);
  requireAlike(runs, basename(file));
  return runs;
}

/**
 * Reads the runs of a profile, whatever nodes they went through. Nodes of graphs inside a node count into that node. Throws
 * HarnessError for a file that is no such profile, or that has no run.
 */
export function readRuns(file: string): readonly TracedRun[] {
  const place = basename(file);
  const events = checked(z.array(event), parseJson(textOf(file), place), place);
  const runs = inOrder(events.filter(({ cat, name }) => cat === "Session" && name === "model_run"));
  if (runs.length === 0) throw new HarnessError(`${place}: has no run of the graph`, { expected: "model_run events" });
  const nodes = outermost(events.filter(({ cat, name }) => cat === "Node" && name.endsWith(nodeSuffix)));
  const kernels = inOrder(events.filter(({ cat }) => deviceCategories.includes(cat)));
  return runs.map((run): TracedRun => {
    const own = within(nodes, run).map((each) => tracedNode(each, place));
    return timedByDevice({ durationMs: run.dur / 1000, timedBy: "runtime", nodes: own }, within(kernels, run));
  });
}

/** Returns the events that began during a run. */
function within(events: readonly Event[], { ts, dur }: Event): readonly Event[] {
  return events.filter((each) => each.ts >= ts && each.ts <= ts + dur);
}

/**
 * Returns the run with the device's times, where it has some: a kernel's name begins with its node's. Nodes on a device that has no
 * kernel for them, as copies, then take no time of their own. Kernels that took longer than the run are no times of it.
 */
function timedByDevice(run: TracedRun, kernels: readonly Event[]): TracedRun {
  const times = new Map<string, number>();
  for (const { name, dur } of kernels) {
    const node = name.split("&")[0]!;
    times.set(node, (times.get(node) ?? 0) + dur / 1000);
  }
  const isKnown = run.nodes.some(({ name }) => times.has(name));
  const sum = [...times.values()].reduce((total, ms) => total + ms, 0);
  if (!isKnown || sum > run.durationMs) return run;
  const nodes = run.nodes.map((node) =>
    node.provider === "cpu" ? node : { ...node, durationMs: times.get(node.name) ?? 0 },
  );
  return { ...run, timedBy: "device", nodes };
}

function textOf(file: string): string {
  refuseIrregular(file);
  const { size } = statSync(file);
  if (size > limits.traceBytes)
    throw new HarnessError(`${basename(file)}: is larger than a profile that is read here`, {
      found: `${size} bytes`,
      expected: `at most ${limits.traceBytes}`,
      hint: "profile fewer rounds",
    });
  return readFileSync(file, "utf8");
}

/** Returns the events in the order in which they began; of those that began together the longest comes first. */
function inOrder(events: readonly Event[]): readonly Event[] {
  return [...events].sort((a, b) => a.ts - b.ts || b.dur - a.dur);
}

/** Leaves out nodes that ran within another one, as those of an If's branch do. */
function outermost(events: readonly Event[]): readonly Event[] {
  let end = 0;
  return inOrder(events).filter(({ ts, dur }) => {
    // Neighbours may share a microsecond: a node that takes none is not inside the one before it.
    const isInside = ts + dur <= end && ts < end;
    if (!isInside) end = ts + dur;
    return !isInside;
  });
}

function tracedNode({ name, dur, args }: Event, place: string): TracedNode {
  const own = name.slice(0, -nodeSuffix.length);
  const facts = checked(nodeFacts, args, `${place}: node ${visible(own)}`);
  const dimsOf = (tensors: z.infer<typeof shapes>) => tensors.flatMap((tensor) => Object.values(tensor));
  return {
    name: own,
    operator: facts.op_name,
    provider: shortName(facts.provider),
    durationMs: dur / 1000,
    inputs: dimsOf(facts.input_type_shape),
    outputs: dimsOf(facts.output_type_shape),
    outputBytes: facts.output_size,
  };
}

/** Makes `WebGpuExecutionProvider` the name by which a session asks for it. */
function shortName(provider: string): string {
  return visible(provider.replace(/ExecutionProvider$/, "").toLowerCase());
}

/** Throws HarnessError where a run has other nodes than the first: then no node has one time a run. */
function requireAlike(runs: readonly TracedRun[], place: string): void {
  const namesOf = ({ nodes }: TracedRun) => nodes.map(({ name }) => name).join("\n");
  const first = namesOf(runs[0]!);
  const other = runs.findIndex((run) => namesOf(run) !== first);
  if (other === -1) return;
  throw new HarnessError(`${place}: run ${other + 1} went through other nodes than the first`, {
    found: `${runs[other]!.nodes.length} nodes`,
    expected: `the ${runs[0]!.nodes.length} of the first run`,
  });
}
