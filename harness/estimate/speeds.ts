import { HarnessError } from "../errors.ts";
import { isWeb, webgpuProvider, webThreads } from "../onnx/providers/web.ts";
import type { RunPlan } from "../plan/plan.ts";
import { runtimeOf } from "../plan/point.ts";
import { processor } from "../store/rowName.ts";
import { measureSpeed } from "./machine.ts";

/** Holds what measureSpeed finds for each provider of a plan, in 10^9 multiply-accumulates a second. */
export type Speeds = ReadonlyMap<string, number>;

/**
 * Share of the processor's speed that a page has with as many threads: WebAssembly's vectors have 128 bits. With AVX-512 beside it,
 * encoders took 3.1 to 5.4 times as long.
 */
const pageShare = 0.25;

/** Tells whether nobody knows how fast a provider is before it runs: a page's GPU may be faster than the processor, or 80 times slower. */
export function hasUnknownSpeed(provider: string): boolean {
  return provider === webgpuProvider;
}

/**
 * Measures the speed of each provider that the plan's variants have. One that can not be opened is left out: its rows fail, and
 * take no time; and so is one of unknown speed. Throws HarnessError where none is left.
 */
export async function measureSpeeds(plan: RunPlan): Promise<Speeds> {
  const { threads } = plan.runtime;
  const speeds = new Map<string, number>();
  let failed: HarnessError | undefined;
  for (const provider of new Set(plan.chosen.map((each) => runtimeOf(plan, each).provider))) {
    if (hasUnknownSpeed(provider)) {
      failed ??= new HarnessError(`provider ${provider}: its speed is not known before it runs`);
      continue;
    }
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
