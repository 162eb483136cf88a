import { readFileSync, statSync } from "node:fs";
import { basename } from "node:path";
import { z } from "zod";
import { HarnessError } from "../errors.ts";
import { refuseIrregular } from "../files.ts";
import { checked, parseJson } from "../foreign.ts";
import { limits } from "../limits.ts";
import { visible } from "../visible.ts";

/** A node of one run: its name in the optimised graph, its time, and the shapes of what it took and gave. */
export interface TracedNode {
  readonly name: string;
  readonly operator: string;
  readonly durationMs: number;
  readonly inputs: readonly (readonly number[])[];
  readonly outputs: readonly (readonly number[])[];
  /** Bytes of all outputs together. */
  readonly outputBytes: number;
}

/** A run of the graph as the runtime timed it, with its nodes in the order in which they ran. */
export interface TracedRun {
  readonly durationMs: number;
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
  output_size: z.coerce.number().nonnegative(),
  input_type_shape: shapes,
  output_type_shape: shapes,
});

const nodeSuffix = "_kernel_time";

/**
 * Reads the profile that ONNX Runtime writes when a session ends. Nodes of graphs inside a node count into that node.
 * Throws HarnessError for a file that is no such profile, that has no run, or whose runs differ in their nodes.
 */
export function readTrace(file: string): readonly TracedRun[] {
  const place = basename(file);
  const events = checked(z.array(event), parseJson(textOf(file), place), place);
  const runs = inOrder(events.filter(({ cat, name }) => cat === "Session" && name === "model_run"));
  if (runs.length === 0) throw new HarnessError(`${place}: has no run of the graph`, { expected: "model_run events" });
  const nodes = outermost(events.filter(({ cat, name }) => cat === "Node" && name.endsWith(nodeSuffix)));
  let next = 0;
  const traced = runs.map(({ ts, dur }): TracedRun => {
    const own: TracedNode[] = [];
    while (next < nodes.length && nodes[next]!.ts < ts) next++;
    for (; next < nodes.length && nodes[next]!.ts <= ts + dur; next++) own.push(tracedNode(nodes[next]!, place));
    return { durationMs: dur / 1000, nodes: own };
  });
  requireAlike(traced, place);
  return traced;
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
    durationMs: dur / 1000,
    inputs: dimsOf(facts.input_type_shape),
    outputs: dimsOf(facts.output_type_shape),
    outputBytes: facts.output_size,
  };
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
