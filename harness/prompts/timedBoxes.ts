import type { Box, Dataset, ImageId, Prompt, Size, VariantManifest } from "../api.ts";

const defaults = {
  /** Prompts in the batch that prompts a second are measured with. */
  batchPrompts: 16,
};

/** Returns the boxes of an image's targets that hold a pixel; the whole image where there is none. */
export function timedBoxes(dataset: Dataset, image: ImageId, { height, width }: Size): readonly Box[] {
  const boxes = dataset.targetsOf(image).map(({ box }) => box);
  const usable = boxes.filter(({ x0, y0, x1, y1 }) => x1 > x0 && y1 > y0);
  return usable.length === 0 ? [{ x0: 0, y0: 0, x1: width, y1: height }] : usable;
}

/** Returns the box as a prompt for the decoder. For a decoder that takes no boxes, the prompt is the centre of the box. */
export function boxPrompt(box: Box, { lacks }: Pick<VariantManifest, "lacks">): Prompt<"image"> {
  if (!lacks.includes("box-prompt")) return { frame: "image", points: [], box };
  return { frame: "image", points: [{ x: (box.x0 + box.x1) / 2, y: (box.y0 + box.y1) / 2, label: 1 }] };
}

/** Returns the boxes, over and over, as many as a batch has. */
export function batchPrompts<T>(boxes: readonly T[], count = defaults.batchPrompts): readonly T[] {
  return Array.from({ length: count }, (_, i) => boxes[i % boxes.length]!);
}
