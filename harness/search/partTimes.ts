import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Checkpoint, RuntimeOptions, SearchSpace, Tensor } from "../api.ts";
import { timed } from "../measure/clock.ts";
import { interleavedRounds } from "../measure/schedule.ts";
import { openSession, type Session, writeGraph } from "../onnx/index.ts";
import { random } from "../stats/random.ts";
import { allConfigurations, type Configuration } from "./space.ts";

const defaults = {
  /** Measured turns of each part, after one that is not counted. A turn of a short part has as many calls as fill `turnMs`. */
  rounds: 11,
  turnMs: 20,
};

/** Time of each part in ms: its fastest call, because other work on the machine slows calls, and long ones more often. */
export type PartTimes = Readonly<Record<string, number>>;

interface PartTimesRequest {
  readonly space: SearchSpace;
  readonly checkpoint: Checkpoint;
  readonly runtime: RuntimeOptions;
  readonly signal: AbortSignal;
  progress(done: number, total: number, part: string): void;
}

/** Times every part that some configuration has, by turns in a seeded order. Returns nothing where it was stopped. */
export async function measureParts(request: PartTimesRequest): Promise<PartTimes | undefined> {
  const { space, checkpoint, runtime, signal } = request;
  const folder = mkdtempSync(join(tmpdir(), "sam-bench-parts-"));
  const parts = new Map<string, Part>();
  try {
    for (const [i, name] of partNames(space).entries()) {
      if (signal.aborted) return undefined;
      const graph = space.part(name, checkpoint);
      const session = await openSession(writeGraph({ ...graph, name: `part${i}` }, folder), runtime);
      const feeds = Object.fromEntries(graph.inputs.map(({ name: input, dims }) => [input, noise(input, dims)]));
      await session.run(feeds);
      const { durationMs } = await timed(() => session.run(feeds));
      parts.set(name, { session, feeds, calls: Math.max(1, Math.ceil(defaults.turnMs / durationMs)), samples: [] });
    }
    const turns = interleavedRounds([...parts.keys()], defaults.rounds, random(0, "search", "parts"));
    for (const [done, { name }] of turns.entries()) {
      if (signal.aborted) return undefined;
      const { session, feeds, calls, samples } = parts.get(name)!;
      for (let call = 0; call < calls; call++) samples.push((await timed(() => session.run(feeds))).durationMs);
      request.progress(done + 1, turns.length, name);
    }
    return Object.fromEntries([...parts].map(([name, { samples }]) => [name, Math.min(...samples)]));
  } finally {
    for (const { session } of parts.values()) await session.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Part {
  readonly session: Session;
  readonly feeds: Readonly<Record<string, Tensor>>;
  readonly calls: number;
  readonly samples: number[];
}

/** Returns a function that estimates an encoder's time as a share of the whole encoder's, by summing its parts. */
export function relativeLatency(space: SearchSpace, times: PartTimes): (values: Configuration) => number {
  const sum = (values: Configuration) => space.partsOf(values).reduce((total, name) => total + times[name]!, 0);
  const whole = sum(space.genes.map((gene) => gene.values[0]!));
  return (values) => sum(values) / whole;
}

/** Names all parts. Within a stage a part depends on a gene and the one before it: configurations of two genes show them all. */
function partNames(space: SearchSpace): readonly string[] {
  const names = new Set<string>();
  const whole = space.genes.map(({ values }) => values[0]!);
  for (const name of space.partsOf(whole)) names.add(name);
  for (let first = 0; first < space.genes.length; first++)
    for (const pair of allConfigurations(space.genes.slice(first, first + 2)))
      for (const name of space.partsOf(
        whole.with(first, pair[0]!).with(Math.min(first + 1, whole.length - 1), pair.at(-1)!),
      ))
        names.add(name);
  return [...names].sort();
}

function noise(name: string, dims: readonly (number | string)[]): Tensor {
  const sizes = dims.map(Number);
  const stream = random(0, "search", "input", name);
  const count = sizes.reduce((product, size) => product * size, 1);
  return { dims: sizes, data: new Float32Array(count).map(() => 4 * stream.next() - 2) };
}
