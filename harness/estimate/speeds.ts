import { HarnessError } from "../errors.ts";
import { isWeb, webThreads } from "../onnx/providers/web.ts";
import type { RunPlan } from "../plan/plan.ts";
import { runtimeOf } from "../plan/point.ts";
import { processor } from "../store/rowName.ts";
import { measureSpeed } from "./machine.ts";

/** Holds what measureSpeed finds for each provider of a plan, in 10^9 multiply-accumulates a second. */
export type Speeds = ReadonlyMap<string, number>;

/**
 * Share of the processor's speed that a page has with as many threads: WebAssembly's vectors have 128 bits. With AVX-512 beside it,
 * encoders took 3.1 to 5.4 times as long. A page's GPU may be faster or much slower, and nobody knows before it is opened.
 */
const pageShare = 0.25;

/**
 * Measures the speed of each provider that the plan's variants have. One that can not be opened is left out: its rows fail, and
 * take no time. Throws HarnessError where none can be opened.
 */
export async function measureSpeeds(plan: RunPlan): Promise<Speeds> {
  const { threads } = plan.runtime;
  const speeds = new Map<string, number>();
  let failed: HarnessError | undefined;
  for (const provider of new Set(plan.chosen.map((each) => runtimeOf(plan, each).provider))) {
    try {
      speeds.set(
        provider,
        isWeb(provider)
          ? pageShare * (await measureSpeed({ provider: processor, threads: webThreads(provider)! }))
          : await measureSpeed({ provider, threads }),
      );
    } catch (error) {
      if (!(error instanceof HarnessError)) throw error;
      failed = error;
    }
  }
  if (speeds.size === 0 && failed !== undefined) throw failed;
  return speeds;
}
