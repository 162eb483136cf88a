import { afterAll } from "vitest";
import { seededCheckpoint } from "../../../harness/weights/index.ts";
import { samexporterSam2Graphs, transformersSam2Graphs } from "../fixtures/graphs/sam2.ts";
import { testLayout } from "../fixtures/layoutCase.ts";
import { coarse, LayoutTrial, prompt } from "../fixtures/layoutTrial.ts";

const { point, points, box, both } = prompt;
const trial = new LayoutTrial();
afterAll(() => trial.close());

testLayout(trial, "transformers.js' SAM 2", {
  title: /transformers\.js, SAM 2/,
  graphs: () => transformersSam2Graphs(coarse, seededCheckpoint()),
  builtIn: () => trial.builtInSam(coarse, seededCheckpoint()),
  firstToken: 1,
  lacks: ["single-mask-token", "mask-input"],
  prompts: [point, box, both, points],
});

testLayout(trial, "samexporter's SAM 2", {
  title: /samexporter, SAM 2/,
  graphs: () => samexporterSam2Graphs(coarse, seededCheckpoint()),
  builtIn: () => trial.builtInSam(coarse, seededCheckpoint()),
  firstToken: 1,
  lacks: ["single-mask-token"],
  prompts: [point, points],
});
