import type { Capability } from "../../api.ts";
import { needsOf, type PlannedPrompts } from "../../protocols/index.ts";

/** Weights that were trained for a preset, with the inputs that their training left out. */
interface Weights {
  /** Name of the file, which the note gives. */
  readonly file: string;
  readonly untrained: readonly string[];
}

/**
 * Returns notes for a row whose protocols need inputs that its weights were never trained on, one for each input and protocol.
 * SAM's mask input is learnt: weights that never saw one answer it with masks that are worse than those they are given.
 */
export function untrainedInputNotes(plan: readonly PlannedPrompts[], weights: Weights | undefined): readonly string[] {
  if (weights === undefined) return [];
  const protocols = [...new Set(plan.map(({ protocol }) => protocol))];
  return protocols.flatMap((protocol) => {
    const planned = plan.filter((each) => each.protocol === protocol);
    const needing = (need: Capability) =>
      planned.flatMap((each) => (needsOf(each).includes(need) ? [each.prompts] : [])).join(", ");
    return [...new Set(planned.flatMap(needsOf))]
      .filter((need) => weights.untrained.includes(need))
      .map(
        (need) =>
          `${needing(need)}: protocol ${protocol.id} uses the ${need.replaceAll("-", " ")}, which ${weights.file} was never trained on: these figures say nothing of a model that was`,
      );
  });
}
