import type { PlannedPrompts } from "../../protocols/index.ts";

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
    const prompts = plan.flatMap((each) => (each.protocol === protocol ? [each.prompts] : []));
    return protocol.needs
      .filter((need) => weights.untrained.includes(need))
      .map(
        (need) =>
          `${prompts.join(", ")}: protocol ${protocol.id} uses the ${need.replaceAll("-", " ")}, which ${weights.file} was never trained on: these figures say nothing of a model that was`,
      );
  });
}
