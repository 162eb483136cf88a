import { readSignature } from "../../onnx/index.ts";
import { withVariantFiles } from "../../plan/models/variantFiles.ts";
import { loadRegistry } from "../../plan/plugins/registry.ts";
import type { Candidate } from "./candidate.ts";

/** Returns the encoder of the first of `--variant-files`: it is someone else's export to measure against. */
export async function givenEncoder(pieces: readonly string[]): Promise<Candidate> {
  const { variants } = await withVariantFiles(await loadRegistry(), pieces);
  const { preset, files } = [...variants.values()].find((variant) => variant.files !== undefined)!;
  const { side } = preset.input;
  const file = files!.encoder!;
  const input = readSignature(file).inputs[0]!;
  // Pre-processing in the graph takes rows of pixels, all others a batch of planes.
  const dims = input.dims?.length === 3 ? [side, side, 3] : [1, 3, side, side];
  return { name: preset.id, steps: [{ file, feeds: { [input.name]: { dims, low: -2, high: 2 } }, calls: 1 }] };
}
