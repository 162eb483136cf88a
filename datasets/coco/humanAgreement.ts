import type { HumanAgreement } from "../../harness/api.ts";

/**
 * Agreement of two people on LVIS's photos, which are COCO's: LVIS had some of them annotated twice. It says how far people
 * agree on those photos, not on the ones that a run measures.
 */
export const humanAgreement: HumanAgreement = {
  meanIou: 0.866,
  pairs: 178,
  compared: "21 photos that LVIS had annotated twice, masks of one category paired at IoU over 0.5",
};
