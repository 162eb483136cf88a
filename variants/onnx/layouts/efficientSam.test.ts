import { afterAll } from "vitest";
import { seededCheckpoint } from "../../../harness/weights/index.ts";
import { efficientSamGraphs } from "../fixtures/graphs/efficientSam.ts";
import { testLayout } from "../fixtures/layoutCase.ts";
import { coarseEfficient, LayoutTrial, prompt } from "../fixtures/layoutTrial.ts";

const { point, points, box, both } = prompt;
const trial = new LayoutTrial();
afterAll(() => trial.close());

testLayout(trial, "EfficientSAM's split export", {
  title: /EfficientSAM's split export/,
  graphs: () => efficientSamGraphs(coarseEfficient, seededCheckpoint(), "num_points"),
  builtIn: () => trial.builtInEfficient(),
  firstToken: 0,
  lacks: ["single-mask-token", "mask-input"],
  prompts: [point, points, box, both],
});
