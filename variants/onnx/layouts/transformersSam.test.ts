import { fileURLToPath } from "node:url";
import { afterAll, beforeAll } from "vitest";
import type { Checkpoint } from "../../../harness/api.ts";
import { openCheckpoint } from "../../../harness/weights/index.ts";
import { transformersSamGraphs } from "../fixtures/graphs/transformersSam.ts";
import { testLayout } from "../fixtures/layoutCase.ts";
import { LayoutTrial, nano, prompt } from "../fixtures/layoutTrial.ts";

const { point, points } = prompt;
const trial = new LayoutTrial();
let trained: Checkpoint;
beforeAll(async () => {
  trained = await openCheckpoint(fileURLToPath(new URL("../../sam/sam-nano.safetensors", import.meta.url)));
});
afterAll(async () => {
  await trial.close();
  trained.close();
});

testLayout(trial, "transformers.js' SAM", {
  title: /transformers\.js, SAM or SlimSAM/,
  graphs: () => transformersSamGraphs(nano, trained),
  builtIn: () => trial.builtInSam(nano, trained),
  firstToken: 1,
  lacks: ["single-mask-token", "mask-input", "box-prompt"],
  prompts: [point, points, { ...point }],
});
