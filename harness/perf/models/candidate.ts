import type { Tensor } from "../../api.ts";
import { timed } from "../../measure/clock.ts";
import { processMemory } from "../../measure/memory.ts";
import { processorMs } from "../../measure/timing.ts";
import { openSession } from "../../onnx/index.ts";
import { answerRequests } from "../../process/calls.ts";
import { random } from "../../stats/random.ts";
import type { Turn, Way } from "./way.ts";

/** Graphs that the harness's own runtime executes: a turn runs the steps one after the other. */
export interface Candidate extends Pick<Way, "name" | "gmacs"> {
  readonly steps: readonly Step[];
}

/** One graph that is fed with noise. */
interface Step {
  readonly file: string;
  readonly feeds: Readonly<Record<string, Feed>>;
  /** A turn calls the graph this often. */
  readonly calls: number;
}

/** Noise that is uniform from `low` to `high`. */
export interface Feed {
  readonly dims: readonly number[];
  readonly low: number;
  readonly high: number;
}

/** Calls that the process of a candidate answers. */
export interface CandidateCalls {
  open: {
    readonly request: { readonly candidate: Candidate; readonly threads: number };
    readonly reply: Record<never, never>;
  };
  turn: { readonly request: Record<never, never>; readonly reply: Turn };
}

/** Answers the parent's requests until it hangs up. */
export function serve(): void {
  let run: (() => Promise<void>) | undefined;
  const memory = processMemory();
  answerRequests<CandidateCalls>({
    async open({ candidate, threads }) {
      run = await load(candidate, threads);
      return {};
    },
    async turn() {
      if (run === undefined) throw new Error("a call before open");
      const cpuBeforeMs = processorMs();
      const { durationMs } = await timed(run);
      return { durationMs, cpuMs: processorMs() - cpuBeforeMs, peakBytes: memory.peakBytes() };
    },
  });
}

async function load({ steps }: Candidate, threads: number): Promise<() => Promise<void>> {
  const ready = await Promise.all(
    steps.map(async ({ file, feeds, calls }) => {
      const session = await openSession(file, { provider: "cpu", threads });
      return {
        session,
        calls,
        feeds: Object.fromEntries(Object.entries(feeds).map(([name, feed]) => [name, noise(name, feed)])),
      };
    }),
  );
  return async () => {
    for (const { session, calls, feeds } of ready) for (let call = 0; call < calls; call++) await session.run(feeds);
  };
}

function noise(name: string, { dims, low, high }: Feed): Tensor {
  const stream = random(0, "perf", name);
  const data = new Float32Array(dims.reduce((product, dim) => product * dim, 1));
  return { dims, data: data.map(() => low + (high - low) * stream.next()) };
}
