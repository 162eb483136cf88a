import type { Variant } from "../api.ts";
import { type Timed, timed, timedSync } from "../measure/clock.ts";
import type { OutputChecks } from "./outputChecks.ts";

/** A variant whose outputs are checked before they are used. */
export interface CheckedVariant extends Variant {
  /** Time that the checks have taken so far, in ms: it is no part of the variant's time. */
  readonly checkedMs: number;
}

export function checkedVariant(variant: Variant, checks: OutputChecks): CheckedVariant {
  let checkedMs = 0;
  const check = (step: () => void) => {
    checkedMs += timedSync(step).durationMs;
  };
  const { everything } = variant;
  return {
    get checkedMs() {
      return checkedMs;
    },
    async encode(input) {
      const embedding = await variant.encode(input);
      check(() => checks.embedding(embedding, input));
      return embedding;
    },
    async decode(embedding, prompts, lookedAt) {
      const predictions = await variant.decode(embedding, prompts, lookedAt);
      check(() => checks.predictions(predictions, prompts.length, embedding.geometry, lookedAt));
      return predictions;
    },
    everything:
      everything &&
      (async (embedding) => {
        const prediction = await everything.call(variant, embedding);
        check(() => checks.everything(prediction, embedding.geometry));
        return prediction;
      }),
    close: () => variant.close(),
  };
}

/** Times a step, without the checks of what the variant returns in it. */
export async function timedUnchecked<T>(variant: CheckedVariant, step: () => Promise<T>): Promise<Timed<T>> {
  const before = variant.checkedMs;
  const { value, durationMs } = await timed(step);
  return { value, durationMs: durationMs - (variant.checkedMs - before) };
}
