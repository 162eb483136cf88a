import { expect, test } from "vitest";
import { loadRegistry } from "../harness/plan/plugins/registry.ts";
import { furtherForms, pairsOf, refusalOf } from "./fixtures/methodTrial.ts";

const ofSamAlone = [
  "blvit-nano",
  "edgesam-nano",
  "edgetam-nano",
  "efficientsam-nano",
  "efficienttam-nano",
  "efficientvit-sam-nano",
  "hq-sam-nano",
  "mobilesam-nano",
  "repvit-sam-nano",
  "sam-lightening-nano",
  "sam2.1-nano",
  "slimsam-nano",
  "tinysam-nano",
];
const convolutional = ["edgesam-nano", "edgetam-nano", "efficientvit-sam-nano", "repvit-sam-nano"];

/** Models of toy size that a method does not run on, by the method's form and the reason; * stands for the model. */
const refused: Readonly<Record<string, readonly string[]>> = {
  "ptq4sam/*/w8a8: its image encoder has no softmax attention, which ptq4sam-s is about": convolutional,
  "ptq4sam/*/w4a4: its image encoder has no softmax attention, which ptq4sam-s is about": convolutional,
  "ptq4sam/*/w4a4: *: has no reference graph (found no code was published)": ["blvit-nano"],
  "ptq4sam/*/w4a4-ptq4sam-l: ptq4sam-l learns in units of SAM's own graphs, which * has not": ofSamAlone,
  "sparsevit/*: big.LITTLE ViT leaves tokens out of its windows itself": ["blvit-nano"],
  "sparsevit/*: RepViT has no windows to leave out, its blocks are convolutions": [
    "edgesam-nano",
    "edgetam-nano",
    "repvit-sam-nano",
  ],
  "sparsevit/*: its ViT has no windows to leave out, every block attends over the whole image": ["efficientsam-nano"],
  "sparsevit/*: EfficientViT has no windows to leave out, its linear attention is over the whole image": [
    "efficientvit-sam-nano",
  ],
  "sparsevit/*: the tokens of its windows are dilated, for which no pruning is written": ["sam-lightening-nano"],
  "evit/*: ranks tokens by the attention of SAM's own encoder, which * has not": ofSamAlone,
  "evovit/*: ranks tokens by the attention of SAM's own encoder, which * has not": ofSamAlone,
};

test.each([
  ["ptq4sam/fastsam-s/w8a8-minmax", "its encoder takes images of any size"],
  ["w4/fastsam-s", "its encoder takes images of any size"],
  ["sparsevit/fastsam-s", "YOLOv8 has no windows to leave out"],
  ["ptq4sam/baseline/prompt/w8a8", "baseline/prompt: no method can change it"],
  ["sparsevit/ptq4sam/sam-nano/w8a8", "no method can change it (found a method on sam-nano"],
])("%s is refused", async (id, reason) => {
  const refusal = await refusalOf(await loadRegistry(), { id, model: id });
  expect(refusal?.message).toContain(reason);
});

// Some seconds for all pairs: graphs are described, and none is written.
test("every method runs on every model, or is refused for the reason that stands here", async () => {
  const registry = await loadRegistry();
  const found: Record<string, string[]> = {};
  for (const pair of pairsOf(registry, furtherForms)) {
    const reason = (await refusalOf(registry, pair))?.message;
    if (reason === undefined) continue;
    const form = pair.id.replace(pair.model, "*");
    const words = reason.startsWith("unknown variant") ? "unknown variant" : reason.replace(`${pair.id}: `, "");
    const key = `${form}: ${words.replaceAll(pair.model, "*")}`;
    found[key] = [...(found[key] ?? []), pair.model];
  }
  expect(found).toEqual(refused);
});
