import { expect, test } from "vitest";
import type { VariantManifest } from "../../api.ts";
import { askHello, describedPreset, lacksOf, programText } from "./hello.ts";

const supports = { tokens: { multimask: [1, 2, 3], single: [0] }, answers: "masks" };
const answer = { protocol: 1, name: "mine", versions: { torch: "2.15.0" }, supports };
const fields = { variant: "mine", preset: null, setting: null, sizes: null };

const describing = (given: object) =>
  askHello({ ask: async () => ({ fields: { ok: true, ...given }, frames: [] }) }, fields);

test("a description is taken as it is given, with what no terminal should be handed made visible", async () => {
  const given = { ...answer, name: "a\u001b[2J", versions: { "to\u202erch": "2" } };
  expect(await describing(given)).toEqual({
    name: "a\\x1b[2J",
    versions: { "to\\u202erch": "2" },
    supports,
  });
});

test.each([
  ["another protocol", { ...answer, protocol: 2 }, /field protocol/],
  ["no versions", { ...answer, versions: undefined }, /field versions is missing/],
  ["no tokens", { ...answer, supports: { ...supports, tokens: { multimask: [] } } }, /field supports.tokens.multimask/],
  [
    "a single mask that is not token 0",
    { ...answer, supports: { ...supports, tokens: { multimask: [1], single: [4] } } },
    /supports.tokens.single/,
  ],
  [
    "a token twice",
    { ...answer, supports: { ...supports, tokens: { multimask: [1, 1], single: [0] } } },
    /stands twice/,
  ],
  [
    "token 0 in both sets",
    { ...answer, supports: { ...supports, tokens: { multimask: [0, 1], single: [0] } } },
    /not numbered as the decoder has them/,
  ],
  ["no token 0 at all", { ...answer, supports: { ...supports, tokens: { multimask: [1, 2] } } }, /not numbered/],
  [
    "logits without a side",
    { ...answer, supports: { ...supports, answers: "logits" } },
    /low-res logits without their side/,
  ],
])("a description with %s is refused", async (_, given, message) => {
  await expect(describing(given)).rejects.toThrow(message);
});

test("what a program does not support, protocols find lacking", () => {
  const lean = { tokens: { multimask: [0] }, answers: "masks", box: false } as const;
  expect(lacksOf(lean)).toEqual([
    "single-mask-token",
    "mask-input",
    "box-prompt",
    "three-masks",
    "stability",
    "logits",
  ]);
  const whole = { tokens: { multimask: [1, 2, 3], single: [0] }, answers: "logits", maskInput: true } as const;
  expect(lacksOf(whole)).toEqual([]);
  // Masks that come at image size can not be fed back as low-res logits.
  expect(lacksOf({ ...whole, answers: "masks", stability: true })).toEqual(["mask-input", "logits"]);
});

test("a preset keeps what it lacks itself, and takes the program's way from logits to masks", () => {
  const mask = { path: "direct", interpolation: "bicubic", threshold: ">=0" } as const;
  const preset = {
    id: "mine",
    lacks: ["box-prompt"],
    notes: ["a note"],
    mask: undefined,
  } as unknown as VariantManifest;
  const description = {
    name: "mine",
    versions: { torch: "2.15.0", numpy: "2.4" },
    supports: { tokens: { multimask: [1, 2, 3], single: [0] }, answers: "logits", logitsSide: 256, mask, maxPoints: 6 },
  } as const;
  expect(describedPreset(preset, description)).toMatchObject({
    lacks: ["box-prompt", "mask-input"],
    mask,
    maxPoints: 6,
  });
  expect(programText(description)).toBe("mine (torch 2.15.0, numpy 2.4)");
});
