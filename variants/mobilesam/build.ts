import type { BuildContext } from "../../harness/api.ts";
import { buildDecoder } from "../sam-decoder/build.ts";
import type { MobileSamConfig } from "./config.ts";
import { imageEncoder } from "./imageEncoder.ts";
import { referenceImageEncoder } from "./reference.ts";
import { discardUnused } from "./unused.ts";

/** Writes the graphs of a model with MobileSAM's network: TinyViT and SAM's decoder. TinySAM's is the same, name by name. */
export async function buildMobileSam(context: BuildContext, config: MobileSamConfig): Promise<void> {
  const { checkpoint, graph, out } = context;
  const encoder = graph === "fused" ? imageEncoder : referenceImageEncoder;
  await out.write("encoder", encoder(config, checkpoint));
  await buildDecoder(context, config.decoder);
  discardUnused(checkpoint);
  checkpoint.assertAllTaken();
}
