import type { GraphBody } from "../../harness/api.ts";

/** A weight of TinyViT as samexporter names it; an export of the image encoder alone has no image_encoder before it. */
const tinyVitOfSamexporter = /^image_encoder\.layers\.\d+\.blocks\./;

const trainingNote =
  "samexporter 0.5.0 runs MobileSAM's encoder once on noise, in training mode, before it exports it: that moves the statistics of its batch norms, which are then folded in. The file may not be the checkpoint's model (embeddings correlated to 0.93 on seeded weights), and its graph can not tell; the encoder of an export in evaluation mode is the checkpoint's";

/** Returns what is known of samexporter's faults, as notes for the files that may have them. */
export function samexporterFaults(encoder: GraphBody | undefined): readonly string[] {
  const tinyVit = encoder?.nodes.some(({ inputs }) => inputs.some((name) => tinyVitOfSamexporter.test(name)));
  return tinyVit === true ? [trainingNote] : [];
}
