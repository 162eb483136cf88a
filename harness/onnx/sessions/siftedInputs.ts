/** Input that a sifted decoder has besides the decoder's own: the least predicted IoU of each mask, [masks]. */
export const leastScores = "least_iou_predictions";
