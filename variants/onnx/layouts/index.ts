import type { AnyLayout } from "../layout.ts";
import { edgeSam } from "./edgeSam.ts";
import { efficientSam } from "./efficientSam.ts";
import { fastSam } from "./fastSam.ts";
import { hqSam } from "./hqSam.ts";
import { officialSam, samexporterSam, samexporterSamPreprocessing } from "./officialSam.ts";
import { sam2Onnx, samexporterSam2 } from "./sam2.ts";
import { sam2InThree } from "./sam2InThree.ts";
import { transformersSam } from "./transformersSam.ts";
import { transformersSam2, transformersSam3Tracker } from "./transformersSam2.ts";

/** All layouts. Those that leave names or sizes open come after the others, since files of other layouts fit them too. */
export const layouts: readonly AnyLayout[] = [
  efficientSam,
  edgeSam,
  fastSam,
  hqSam,
  transformersSam,
  transformersSam3Tracker,
  transformersSam2,
  samexporterSam2,
  sam2Onnx,
  sam2InThree,
  samexporterSamPreprocessing,
  samexporterSam,
  officialSam,
];
