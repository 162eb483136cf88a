import type { Tensor } from "../api.ts";
import { processMemory } from "../measure/memory.ts";
import { openSession } from "../onnx/index.ts";
import { random } from "../stats/random.ts";

/** One graph, fed with noise, called so many times a turn. */
export interface Step {
  readonly file: string;
  readonly feeds: Readonly<Record<string, Feed>>;
  readonly calls: number;
}

export interface Feed {
  readonly dims: readonly number[];
  /** Uniform from `low` to `high`. */
  readonly low: number;
  readonly high: number;
}

export interface Contender {
  readonly name: string;
  readonly steps: readonly Step[];
}

/** From the parent to the contender, and back. */
export type Order =
  | { readonly do: "load"; readonly contender: Contender; readonly threads: number }
  | { readonly do: "turn" };
export type Report = { readonly durationMs: number; readonly peakBytes: number };

/** Serves orders until the parent hangs up. */
export async function contend(): Promise<void> {
  let run: () => Promise<void> = async () => {
    throw new Error("a turn before the load");
  };
  const memory = processMemory();
  const serve = async (order: Order) => {
    const start = performance.now();
    if (order.do === "load") run = await load(order.contender, order.threads);
    else await run();
    const report: Report = { durationMs: performance.now() - start, peakBytes: memory.peakBytes() };
    process.send?.(report);
  };
  process.on("disconnect", () => process.exit(0));
  process.on("message", (order: Order) => {
    serve(order).catch((error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
      process.exit(1);
    });
  });
}

async function load({ steps }: Contender, threads: number): Promise<() => Promise<void>> {
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
