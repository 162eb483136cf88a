import { afterAll, expect, test } from "vitest";
import { seededCheckpoint } from "../../../harness/weights/index.ts";
import type { SamConfig } from "../../sam/config.ts";
import { transformersSam2Graphs } from "../fixtures/graphs/sam2.ts";
import { testLayout } from "../fixtures/layoutCase.ts";
import { coarse, LayoutTrial, nano, prompt } from "../fixtures/layoutTrial.ts";

const { point, points, box, both } = prompt;
const trial = new LayoutTrial();
afterAll(() => trial.close());

/** A model with the 72 x 72 places of 14 px by which SAM 3's tracker is told. */
const tracker: SamConfig = {
  ...nano,
  side: 1008,
  patch: 14,
  depth: 1,
  globalBlocks: [],
  decoder: { ...nano.decoder, side: 1008, grid: 72 },
};

testLayout(trial, "transformers.js' SAM 2", {
  title: /transformers\.js, SAM 2 \(/,
  graphs: () => transformersSam2Graphs(coarse, seededCheckpoint()),
  builtIn: () => trial.builtInSam(coarse, seededCheckpoint()),
  firstToken: 1,
  lacks: ["single-mask-token", "mask-input"],
  prompts: [point, box, both, points],
});

testLayout(trial, "transformers.js' SAM 3 tracker", {
  title: /transformers\.js, SAM 3's tracker/,
  graphs: () => transformersSam2Graphs(tracker, seededCheckpoint()),
  builtIn: () => trial.builtInSam(tracker, seededCheckpoint()),
  firstToken: 1,
  lacks: ["single-mask-token", "mask-input"],
  prompts: [point, box],
});

test("SAM 3's tracker takes bytes that are resized as such and scaled to -1 … 1, and SAM 2 what SAM 2 takes", async () => {
  const sam3 = await trial.recognised(transformersSam2Graphs(tracker, seededCheckpoint()));
  const scaled = { mean: [127.5, 127.5, 127.5], std: [127.5, 127.5, 127.5] };
  expect(sam3.preset.input).toMatchObject({ ...scaled, side: 1008, fit: "stretch", resize: "pillow-bilinear" });
  const sam2 = await trial.recognised(transformersSam2Graphs(coarse, seededCheckpoint()));
  expect(sam2.preset.input).toMatchObject({ std: [58.395, 57.12, 57.375], side: 256, resize: "bilinear-antialias" });
});
