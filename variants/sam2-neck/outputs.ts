import type { BuildContext } from "../../harness/api.ts";

/** The ends of stages are given to be compared with reference values; nothing else asks for them. */
export type EncoderOutputs = "embeddings" | "embeddings and stages";

export function encoderOutputs({ outputs }: Pick<BuildContext, "outputs">): EncoderOutputs {
  return outputs === "all" ? "embeddings and stages" : "embeddings";
}
