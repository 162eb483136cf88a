import { afterAll, expect, test } from "vitest";
import type { Dim, Prompt } from "../../../harness/api.ts";
import { prepare } from "../../../harness/image/index.ts";
import { readSignature } from "../../../harness/onnx/index.ts";
import { seededCheckpoint } from "../../../harness/weights/index.ts";
import { referenceConvolution } from "../../fastsam/convolution.ts";
import { loadFastSam } from "../../fastsam/load.ts";
import { network, ofAnySize } from "../../fastsam/network.ts";
import { fastSamGraph, smallFastSam } from "../fixtures/graphs/fastSam.ts";
import { cpu, LayoutTrial, photo, prompt } from "../fixtures/layoutTrial.ts";
import { recognise } from "../recognise.ts";
import plugin from "../variant.ts";

const trial = new LayoutTrial();
afterAll(() => trial.close());

const graph = (...frame: readonly [Dim, Dim]) => fastSamGraph(seededCheckpoint(), frame);

test("one file is FastSAM's network, and gives the masks of the built-in one on a frame of the same size", async () => {
  const { preset, files } = await trial.recognised({ encoder: graph(256, 256) });
  expect(preset.notes[0]).toBe("encoder.onnx, taken as: FastSAM, ultralytics' export");
  expect(preset).toMatchObject({
    input: { side: 256, fit: "letterbox", resize: "opencv-bilinear" },
    lacks: ["single-mask-token", "mask-input", "logits"],
    everything: "own output",
  });
  const given = await plugin.load(files, cpu, preset);
  const built = ofAnySize(network(smallFastSam, seededCheckpoint(), referenceConvolution));
  const own = await loadFastSam({ encoder: trial.write(built) }, cpu);
  const input = prepare(photo, preset.input);
  const found = await given.encode(input);
  const expected = await own.encode(input);
  const masksOf = async (variant: typeof given, embedding: typeof found) => {
    const everything = await variant.everything!(embedding);
    const prompts: Prompt<"model">[] = [prompt.box, prompt.point];
    const chosen = await variant.decode(embedding, prompts);
    return [everything, ...chosen].map((each) => (each.kind === "masks" ? each.masks : []));
  };
  const masks = await masksOf(given, found);
  expect(masks[0]!.length).toBeGreaterThan(10);
  expect(masks).toEqual(await masksOf(own, expected));
  await given.close();
  await own.close();
});

test("a file for images of any size gets frames as the published predictor makes them", async () => {
  const { preset } = await trial.recognised({ encoder: graph("height", "width") });
  expect(preset.input).toMatchObject({ side: 1024, multipleOf: 32, fit: "letterbox", resize: "opencv-bilinear" });
  expect(preset.notes[1]).toContain("runs files for images of any size");
});

test("a frame that is no square, and a network of more classes, are refused", async () => {
  const failure = (encoder: ReturnType<typeof graph>) =>
    recognise("mine", [readSignature(trial.write(encoder))]).catch((error: unknown) => error);
  expect(await failure(graph(192, 256))).toMatchObject({
    message: "encoder.onnx: FastSAM's frame must be a square, or open (found images [1, 3, 192, 256])",
  });
  const square = graph(256, 256);
  const [output0, output1] = square.outputs as [(typeof square.outputs)[0], (typeof square.outputs)[0]];
  const more = { ...square, outputs: [{ ...output0, dims: [1, 116, "anchors"] }, output1] };
  expect(await failure(more)).toMatchObject({
    hint: expect.stringContaining("output output0: float32 [1, 116, anchors], expected float32 [batch, 37, anchors]"),
  });
});
