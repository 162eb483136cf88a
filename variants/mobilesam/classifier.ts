import { child, type Module, take } from "../../harness/onnx/index.ts";
import type { MobileSamConfig } from "./config.ts";

/**
 * Counts the classifier that TinyViT was trained with: it is in the published file and in its number of parameters, and
 * inference does not use it. A file without it is as good.
 */
export function countClassifier(encoder: Module, { widths, classes }: MobileSamConfig): void {
  const { graph, checkpoint } = encoder;
  const width = widths[3];
  const head = child(encoder, "head");
  // Seeded weights have every tensor, and say so by no shape.
  const there = checkpoint.source === "seeded" || checkpoint.dims(`${head.path}.weight`) !== undefined;
  if (classes === 0 || !there) return;
  for (const name of ["weight", "bias"]) graph.withoutEffect(take(child(encoder, "norm_head"), name, [width]));
  graph.withoutEffect(take(head, "weight", [classes, width]));
  graph.withoutEffect(take(head, "bias", [classes]));
}
