import type { BuildContext } from "../../harness/api.ts";
import { type DecoderArchitecture, type DecoderConfig, samDecoder } from "./config.ts";
import { decoderImage, maskDecoder } from "./maskDecoder.ts";
import { referenceMaskDecoder } from "./reference/reference.ts";

/** Writes SAM's decoder twice, without and with a mask input, and what all prompts of an image share. */
export async function buildDecoder(
  { checkpoint, graph, out }: BuildContext,
  config: DecoderConfig,
  architecture: DecoderArchitecture = samDecoder,
): Promise<void> {
  if (graph === "fused") await out.write("decoder-image", decoderImage(config, checkpoint, architecture));
  const decoder = graph === "fused" ? maskDecoder : referenceMaskDecoder;
  await out.write("decoder", decoder(config, checkpoint, "points and boxes", architecture));
  await out.write("decoder-mask", decoder(config, checkpoint, "points, boxes and a mask", architecture));
}
