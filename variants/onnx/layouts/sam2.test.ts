import { afterAll } from "vitest";
import { seededCheckpoint } from "../../../harness/weights/index.ts";
import { sam2OnnxGraphs, samexporterSam2Graphs } from "../fixtures/graphs/sam2.ts";
import { testLayout } from "../fixtures/layoutCase.ts";
import { coarse, LayoutTrial, prompt } from "../fixtures/layoutTrial.ts";

const { point, points } = prompt;
const trial = new LayoutTrial();
afterAll(() => trial.close());

testLayout(trial, "samexporter's SAM 2", {
  title: /samexporter, SAM 2/,
  graphs: () => samexporterSam2Graphs(coarse, seededCheckpoint()),
  builtIn: () => trial.builtInSam(coarse, seededCheckpoint()),
  firstToken: 1,
  lacks: ["single-mask-token"],
  prompts: [point, points],
});

testLayout(trial, "sam2-onnx", {
  title: /sam2-onnx, SAM 2/,
  graphs: () => sam2OnnxGraphs(coarse, seededCheckpoint()),
  builtIn: () => trial.builtInSam(coarse, seededCheckpoint()),
  firstToken: 1,
  lacks: ["single-mask-token"],
  prompts: [point, points],
});
