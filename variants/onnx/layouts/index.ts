import type { AnyLayout } from "../layout.ts";
import { efficientSam } from "./efficientSam.ts";
import { officialSam, samexporterSam, samexporterSamPreprocessing } from "./officialSam.ts";
import { samexporterSam2, transformersSam2 } from "./sam2.ts";
import { transformersSam } from "./transformersSam.ts";

/** All layouts. Those that leave names open come last, since files of other layouts fit them too. */
export const layouts: readonly AnyLayout[] = [
  efficientSam,
  transformersSam,
  transformersSam2,
  samexporterSam2,
  samexporterSamPreprocessing,
  samexporterSam,
  officialSam,
];
