import { afterAll, expect, test } from "vitest";
import { prepare } from "../../../harness/image/index.ts";
import { differenceOf } from "../../../harness/onnx/fixtures/difference.ts";
import { readSignature } from "../../../harness/onnx/index.ts";
import { seededCheckpoint } from "../../../harness/weights/index.ts";
import hqSamPlugin from "../../hq-sam/variant.ts";
import { hqSamGraphs } from "../fixtures/graphs/hqSam.ts";
import { plainEncoder } from "../fixtures/graphs/officialSam.ts";
import { cpu, LayoutTrial, logitsOf, nano, photo, prompt, tokenOf, tolerance } from "../fixtures/layoutTrial.ts";
import { recognise } from "../recognise.ts";
import plugin from "../variant.ts";

const { points, both, masked } = prompt;
const trial = new LayoutTrial();
afterAll(() => trial.close());

const checkpoint = seededCheckpoint();

/** Returns the token of 1 to 3 that has the highest predicted IoU. */
function mostConfident(predictedIou: Float32Array): number {
  const several = predictedIou.subarray(1);
  return 1 + several.indexOf(Math.max(...several));
}

test.each([
  ["without a flag", {}, "hq-sam-nano", ["three-masks"]],
  ["with --hq-token-only", { hqTokenOnly: true }, "hq-sam-nano/hq-token", ["three-masks"]],
  ["with --multimask-output", { multimaskOutput: true }, "hq-sam-nano", ["single-mask-token", "three-masks"]],
] as const)(
  "a decoder exported %s gives the mask of the built-in variant that its flags ask for",
  async (_, flags, id, lacks) => {
    const { preset, files } = await trial.recognised(hqSamGraphs(checkpoint, flags));
    expect(preset.title).toMatch(/HQ-SAM's decoder export/);
    expect(preset.lacks).toEqual(lacks);
    const given = await plugin.load(files, cpu, preset);
    const own = await trial.builtIn({ ...hqSamPlugin }, id, checkpoint);
    const input = prepare(photo, preset.input);
    const prompts = [points, both, masked];
    const embedding = await given.encode(input);
    expect(embedding.skipConnections!.interm_embeddings!.dims.slice(0, 3)).toEqual([1, 2, 1]);
    const found = await given.decode(embedding, prompts);
    const wanted = await own.decode(await own.encode(input), prompts);
    for (const [i, prediction] of found.entries()) {
      const { lowResLogits, predictedIou } = logitsOf(prediction);
      const theirs = logitsOf(wanted[i]);
      const token = "multimaskOutput" in flags ? mostConfident(theirs.predictedIou) : 0;
      expect(differenceOf(tokenOf(lowResLogits, 0), tokenOf(theirs.lowResLogits, token))).toBeLessThan(tolerance);
      expect(predictedIou).toHaveLength(1);
      expect(predictedIou[0]).toBeCloseTo(theirs.predictedIou[token]!, 4);
    }
    await given.close();
  },
);

test("a decoder without an encoder, or with one that gives no early tokens, is told what to export", async () => {
  const { decoder } = hqSamGraphs(checkpoint);
  const file = trial.write(decoder!);
  const failure = (files: readonly string[]) =>
    recognise("mine", files.map(readSignature)).catch((error: unknown) => error);
  const expected = "HQ-SAM's authors export no encoder: export the model's image_encoder";
  expect(await failure([file])).toMatchObject({
    message: expect.stringContaining("mine: the encoder is missing (found decoder.onnx as the decoder of: HQ-SAM's"),
    hint: expect.stringContaining(expected),
  });
  const sam = trial.write(plainEncoder(nano, checkpoint, "input_image", "image_embeddings"));
  expect(await failure([sam, file])).toMatchObject({
    hint: expect.stringMatching(/usually interm_embeddings: missing.*HQ-SAM's authors export no encoder/s),
  });
});
