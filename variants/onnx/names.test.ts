import { afterAll, expect, test } from "vitest";
import { prepare } from "../../harness/image/index.ts";
import { readSignature } from "../../harness/onnx/index.ts";
import { seededCheckpoint } from "../../harness/weights/index.ts";
import { officialDecoder, plainEncoder } from "./fixtures/graphs/officialSam.ts";
import { coarse, cpu, LayoutTrial, logitsOf, photo, prompt } from "./fixtures/layoutTrial.ts";
import { embedded } from "./fixtures/surgery.ts";
import { renamedGraph } from "./names.ts";
import { recognise } from "./recognise.ts";
import plugin from "./variant.ts";

const trial = new LayoutTrial();
afterAll(() => trial.close());

const encoder = () => plainEncoder(coarse, seededCheckpoint(), "image", "embedding");

/** Returns the decoder with names of its own, which tells no number of masks either. */
function ownNames() {
  const decoder = officialDecoder(coarse, seededCheckpoint());
  const kept = Object.fromEntries([...decoder.inputs, ...decoder.outputs].map(({ name }) => [name, name]));
  const given = { iou_predictions: "scores", low_res_masks: "small", mask_input: "prior" };
  const graph = embedded(decoder, "own.", { ...kept, ...given });
  return { ...graph, outputs: graph.outputs.map((value) => ({ ...value, dims: value.dims.map((_, i) => `d${i}`) })) };
}

test("values that the user names are fed and read by their names in the file, while the graph is examined and when it runs", async () => {
  const names = { scores: "iou_predictions", small: "low_res_masks", prior: "mask_input" };
  const files = [trial.write(encoder()), trial.write(ownNames())].map(readSignature);
  const named = await recognise("mine", files, { names });
  expect(named.preset.lacks).toEqual([]);
  const plain = await trial.recognised({
    encoder: encoder(),
    decoder: officialDecoder(coarse, seededCheckpoint()),
  });
  const logits = [];
  for (const { preset, files } of [named, plain]) {
    const variant = await plugin.load(files, cpu, preset);
    const [prediction] = await variant.decode(await variant.encode(prepare(photo, preset.input)), [prompt.box]);
    logits.push(logitsOf(prediction).lowResLogits.data);
    await variant.close();
  }
  expect(logits[0]).toEqual(logits[1]);
});

test("a value whose name goes to another one is set apart", () => {
  const value = (name: string) => ({ name, type: "float32", dims: [1] });
  const graph = { file: "a.onnx", externalFiles: [], inputs: [], outputs: [value("masks"), value("other")] };
  const renamed = renamedGraph(graph, { other: "masks" });
  expect(renamed.outputs.map(({ name }) => name)).toEqual(["masks'", "masks"]);
  expect(renamed.namesInFile).toEqual(
    new Map([
      ["masks'", "masks"],
      ["masks", "other"],
    ]),
  );
  const swapped = renamedGraph(graph, { other: "masks", masks: "other" });
  expect(swapped.outputs.map(({ name }) => name)).toEqual(["other", "masks"]);
});
