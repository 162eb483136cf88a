import { fileURLToPath } from "node:url";
import { afterAll, beforeAll } from "vitest";
import type { Checkpoint } from "../../../harness/api.ts";
import { openCheckpoint, seededCheckpoint } from "../../../harness/weights/index.ts";
import { officialDecoder, plainEncoder, preprocessingEncoder } from "../fixtures/graphs/officialSam.ts";
import { testLayout } from "../fixtures/layoutCase.ts";
import { coarse, LayoutTrial, nano, prompt } from "../fixtures/layoutTrial.ts";

const { point, points, box, both, masked } = prompt;
const trial = new LayoutTrial();
let trained: Checkpoint;
beforeAll(async () => {
  trained = await openCheckpoint(fileURLToPath(new URL("../../sam/sam-nano.safetensors", import.meta.url)));
});
afterAll(async () => {
  await trial.close();
  trained.close();
});

testLayout(trial, "SAM's official decoder with an encoder of other names", {
  title: /official decoder export/,
  graphs: () => ({
    encoder: plainEncoder(nano, trained, "images", "embeddings"),
    decoder: officialDecoder(nano, trained),
  }),
  builtIn: () => trial.builtInSam(nano, trained),
  firstToken: 0,
  lacks: [],
  prompts: [point, points, box, both, masked],
});

testLayout(trial, "samexporter's SAM", {
  title: /^ONNX files: samexporter, SAM or MobileSAM$/,
  graphs: () => ({
    encoder: plainEncoder(coarse, seededCheckpoint(), "input_image", "image_embeddings"),
    decoder: officialDecoder(coarse, seededCheckpoint()),
  }),
  builtIn: () => trial.builtInSam(coarse, seededCheckpoint()),
  firstToken: 0,
  lacks: [],
  prompts: [box, points],
});

testLayout(trial, "samexporter's SAM with pre-processing in the graph", {
  title: /with pre-processing in the encoder/,
  graphs: () => ({
    encoder: preprocessingEncoder(coarse, seededCheckpoint()),
    decoder: officialDecoder(coarse, seededCheckpoint()),
  }),
  builtIn: () => trial.builtInSam(coarse, seededCheckpoint()),
  firstToken: 0,
  lacks: [],
  prompts: [box, points],
});
