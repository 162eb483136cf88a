import { expect, test } from "vitest";
import { loadRegistry } from "../../../plan/plugins/registry.ts";
import { exampleManifest } from "../../../store/fixtures/run.ts";
import type { Manifest } from "../../../store/schema.ts";
import { tokenNumberingOf, unlikeTokens } from "./tokens.ts";

const registry = await loadRegistry();
const base = exampleManifest();

const runOf = (variant: string, own: Partial<Manifest> = {}): Manifest => ({
  ...base,
  id: "this run",
  variant: { ...base.variant, id: variant },
  ...own,
});

const numbering = (manifest: Manifest) => tokenNumberingOf(manifest, registry);

test.each([
  ["sam-vit-b", { kind: "decoder", first: 1, predictsIou: true }],
  ["sam-fast/sam-nano", { kind: "decoder", first: 1, predictsIou: true }],
  ["fastsam-s", { kind: "detections", why: "this run numbers the masks that it finds in a photo, not tokens" }],
  ["gone", { kind: "none", why: "the variant of this run is not known here, and neither are its tokens" }],
] as const)("%s numbers its tokens as its preset says", (variant, expected) => {
  expect(numbering(runOf(variant))).toEqual(expected);
});

test("a floor has no tokens", () => {
  const variant = { ...base.variant, id: "baseline-prompt", role: "floor" } as const;
  expect(numbering(runOf("baseline-prompt", { variant }))).toEqual({
    kind: "none",
    why: "this run is a floor and has no tokens",
  });
});

const program = (tokens?: { readonly multimask: readonly number[]; readonly single?: readonly number[] }) =>
  runOf("torch/sam-vit-b", { external: { command: "python3 mine.py", name: "mine", versions: {}, files: [], tokens } });

test.each([
  [
    { multimask: [1, 2, 3], single: [0] },
    { kind: "decoder", first: 1, predictsIou: true },
  ],
  [{ multimask: [0, 1, 2] }, { kind: "decoder", first: 0, predictsIou: true }],
  [{ multimask: [0] }, { kind: "none", why: "this run has one mask for a prompt" }],
  [{ multimask: [4, 7] }, { kind: "none", why: "the program of this run numbers its tokens 4, 7" }],
  [undefined, { kind: "none", why: "this run does not record how its program numbers tokens" }],
] as const)("a program with the tokens %j", (tokens, expected) => {
  expect(numbering(program(tokens))).toEqual(expected);
});

test("a program that answers for a detector has detections, as the detector's own graph has", () => {
  const { external } = program({ multimask: [0] });
  expect(numbering(runOf("torch/fastsam-s", { external })).kind).toBe("detections");
  expect(numbering(runOf("torch/sam-nano", { external })).kind).toBe("none");
});

test("tokens of two runs are alike where both begin with the same number", () => {
  const sam = { kind: "decoder", first: 1, predictsIou: true } as const;
  const plain = { kind: "decoder", first: 0, predictsIou: true } as const;
  const none = { kind: "none", why: "B has none" } as const;
  expect(unlikeTokens(sam, sam)).toBeUndefined();
  expect(unlikeTokens(sam, plain)).toBe("A numbers its multimask tokens from 1 on, B from 0 on");
  expect(unlikeTokens(sam, none)).toBe("B has none");
});
