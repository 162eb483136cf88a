/** This file says what graphs and their values are, for `model.json`. */

const graphs: Readonly<Record<string, string>> = {
  encoder: "runs once an image, and gives all that decoders take of it",
  decoder: "runs for prompts of one shape together: each has as many points as the others",
  "decoder-mask": "runs in the decoder's place for prompts that bring low-res logits of an earlier mask",
};

const values: Readonly<Record<string, string>> = {
  image: "the prepared photo, RGB planes; input says how it is prepared",
  image_embedding: "what the encoder knows of the image, by place",
  image_tokens: "the image embedding as the mask decoder begins with it, one row a place",
  image_tokens_with_positions: "the same with the encoding of each place added",
  image_keys: "what prompts compare themselves with first: those tokens, projected, one row a head",
  image_values: "what prompts find there, in the order of the keys",
  image_queries: "the same tokens as they look at the prompts first",
  hq_features: "features of early layers, for HQ-SAM's own mask",
  point_coords: "x, y of each point in the model frame; a box is two points, its corners",
  point_labels: "what each point is; prompts.labels lists them",
  mask_input: "low-res logits of an earlier mask of the same target",
  low_res_masks: "low-res logits, one map a mask token; masks says how they become a mask",
  iou_predictions: "predicted IoU of each mask token's mask",
  boxes: "middle x, y, width and height of each detection, px of the model frame",
  scores: "confidence of each detection",
  coefficients: "weights of the prototypes, by detection",
  prototypes: "maps that a detection's mask is the weighted sum of",
};

const beginnings: readonly (readonly [string, string])[] = [
  ["kept_tokens.", "1 for each token that this part of the encoder worked on; no decoder takes it"],
  ["high_res", "features at a higher resolution, for the mask's edges"],
  ["interm_embedding", "tokens of an early layer, for HQ-SAM's own mask"],
];

export function graphMeaning(name: string): string {
  return graphs[name] ?? "a part of the model";
}

/** Returns what a value means; of a name that no model of this project gives, that another graph takes it. */
export function valueMeaning(name: string): string {
  const begun = beginnings.find(([beginning]) => name.startsWith(beginning));
  return values[name] ?? begun?.[1] ?? "what one graph of this model gives another";
}
