import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { resolvePlan } from "../../plan/plan.ts";
import { promptPlan } from "../../protocols/index.ts";
import { prepareRun } from "../preparedRun.ts";
import { untrainedInputNotes } from "./untrainedInputs.ts";

const weights = { file: "sam-nano.safetensors", untrained: ["mask-input"] } as const;

test("a row that feeds a mask back to weights that were never trained on one says so", () => {
  expect(untrainedInputNotes(promptPlan({ protocol: "ap-vitdet-refine" }), weights)).toEqual([
    "det-refine: protocol ap-vitdet-refine uses the mask input, which sam-nano.safetensors was never trained on: these figures say nothing of a model that was",
  ]);
});

test("a row of prompts without a mask, or of weights that were trained on all inputs, has no such note", () => {
  const clicks = promptPlan({ prompts: "box,1p,3p,5c,1dt" });
  expect(untrainedInputNotes(clicks, weights)).toEqual([]);
  const refine = promptPlan({ protocol: "ap-vitdet-refine" });
  expect(untrainedInputNotes(refine, { file: "mine.safetensors", untrained: [] })).toEqual([]);
  expect(untrainedInputNotes(refine, undefined)).toEqual([]);
});

test("the record of a run has the note for small trained weights and for methods on them, not for a user's checkpoint", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
  const boxes = join(folder, "boxes.json");
  writeFileSync(boxes, JSON.stringify([{ image_id: 1, category_id: 1, bbox: [8, 8, 40, 40], score: 0.9 }]));
  const flags = { boxes, protocol: "ap-vitdet-refine", dataset: "shapes", limit: 1 };
  const small = await resolvePlan({ ...flags, variants: "sam-nano,sparsevit/sam-nano" });
  const file = small.chosen[0]!.weights.file!;
  const own = await resolvePlan({ ...flags, variants: "sam-nano", checkpoint: [`sam-nano=${file}`] });
  const notes: boolean[] = [];
  for (const plan of [small, own])
    for (const chosen of plan.chosen) {
      const { signal } = new AbortController();
      const watcher = { calibration: ignore, overlap: ignore, note: ignore, signal };
      const { manifest } = await prepareRun(plan, chosen, [], watcher);
      notes.push(
        manifest.variant.notes.some((note) => note.includes("uses the mask input, which sam-nano.safetensors")),
      );
    }
  rmSync(folder, { recursive: true });
  expect(notes).toEqual([true, true, false]);
});

function ignore(): void {}
