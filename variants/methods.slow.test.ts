import { afterAll, beforeAll, expect, test } from "vitest";
import { loadRegistry, variantOf } from "../harness/plan/plugins/registry.ts";
import { furtherForms, MethodTrial, type Pair, pairsOf, refusalOf } from "./fixtures/methodTrial.ts";

/**
 * Pairs that are further off than their method says, and why. A token of blvit-nano may be a thousand times as large as others
 * before the neck, whose first product has one scale for all: its norm makes the small ones count as much.
 */
const further: Readonly<Record<string, number>> = {
  "ptq4sam/blvit-nano/w8a8": 0.75,
  "ptq4sam/blvit-nano/w8a8-minmax": 0.75,
};

const registry = await loadRegistry();
const running: Pair[] = [];
// What a user has to start takes minutes: learning has tests of its own.
for (const pair of pairsOf(registry, furtherForms))
  if (
    (await refusalOf(registry, pair)) === undefined &&
    variantOf(registry, pair.id).preset.calibration?.automatic !== false
  )
    running.push(pair);

let trial: MethodTrial;
beforeAll(async () => {
  trial = await MethodTrial.open();
});
afterAll(() => trial.close());

// Three minutes of one core for all pairs: half of it is the search of ranges of weights, channel by channel.
test.each(running)("$id is within its method's bound of the model's embedding", async (pair) => {
  const { plugin, preset } = variantOf(registry, pair.id);
  const bound = further[pair.id] ?? plugin.embeddingBound?.(preset);
  if (bound === undefined) throw new Error(`${pair.id}: its plug-in declares no embeddingBound`);
  const error = await trial.embeddingError(pair);
  console.log(`${pair.id}: ${error.toFixed(4)}`);
  expect(error).toBeLessThanOrEqual(bound);
});
