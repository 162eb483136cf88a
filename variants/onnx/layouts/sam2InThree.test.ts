import { afterAll, expect, test } from "vitest";
import type { Variant } from "../../../harness/api.ts";
import { prepare } from "../../../harness/image/index.ts";
import { readSignature } from "../../../harness/onnx/index.ts";
import { seededCheckpoint } from "../../../harness/weights/index.ts";
import { withSingleMask } from "../../sam2-decoder/singleMask.ts";
import { sam2InThreeGraphs } from "../fixtures/graphs/sam2InThree.ts";
import { testLayout } from "../fixtures/layoutCase.ts";
import { coarse, cpu, LayoutTrial, logitsOf, photo, prompt } from "../fixtures/layoutTrial.ts";
import { recognise } from "../recognise.ts";
import plugin from "../variant.ts";

const { point, points, box } = prompt;
const trial = new LayoutTrial();
afterAll(() => trial.close());

const graphs = () => sam2InThreeGraphs(coarse, seededCheckpoint());

/** Returns the built-in variant with the single mask that SAM 2's predictor chooses. */
async function builtIn(): Promise<Variant> {
  const own = await trial.builtInSam(coarse, seededCheckpoint());
  return { ...own, decode: async (...asked) => (await own.decode(...asked)).map(withSingleMask) };
}

testLayout(trial, "SAM 2 in three files", {
  title: /axinc-ai, SAM 2 in three files/,
  files: "encoder.onnx, prompts.onnx and decoder.onnx",
  graphs,
  builtIn,
  firstToken: 0,
  lacks: [],
  prompts: [point, points],
});

test("a mask prompt is enabled by its flag, and a box is two points", async () => {
  const { preset, files } = await trial.recognised(graphs());
  const variant = await plugin.load(files, cpu, preset);
  const embedding = await variant.encode(prepare(photo, preset.input));
  const mask = { dims: [1, 64, 64], data: new Float32Array(64 * 64).fill(3) };
  const corners = {
    ...box,
    box: undefined,
    points: [
      { x: box.box.x0, y: box.box.y0, label: 2 },
      { x: box.box.x1, y: box.box.y1, label: 3 },
    ],
  } as unknown as typeof point;
  const predictions = await variant.decode(embedding, [point, { ...point, mask }, box, corners]);
  await variant.close();
  const [plain, masked, boxed, cornered] = predictions.map((each) => logitsOf(each).lowResLogits.data);
  expect(masked).not.toEqual(plain);
  expect(boxed).toEqual(cornered);
});

test("two of the three files are told which one is missing", async () => {
  const { encoder, decoder } = graphs();
  const files = [trial.write(decoder!), trial.write(encoder!)].map(readSignature);
  await expect(recognise("mine", files)).rejects.toThrow(
    "mine: the prompt encoder is missing (found encoder.onnx as the encoder and decoder.onnx as the decoder of: axinc-ai, SAM 2",
  );
});
