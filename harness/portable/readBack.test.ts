import { expect, test } from "vitest";
import type { PredictionRow } from "../api.ts";
import { comparedRows } from "./readBack.ts";

function row(target: number, changes: Partial<PredictionRow> = {}): PredictionRow {
  const mask = { size: { height: 2, width: 2 }, counts: "04" };
  const base = { kind: "prediction", image: 1, target, category: 1, prompts: "box", protocol: "p", step: 1, token: 1 };
  return { ...base, predictedIou: 0.5, mask, prompt: { points: [] }, ...changes } as unknown as PredictionRow;
}

test("equal rows are counted, and the first other one is named with what differs", () => {
  const a = [row(1), row(2), row(3)];
  expect(comparedRows(a, [row(1), row(2), row(3)])).toEqual({ masks: 3, equal: 3, first: undefined });
  const other = [row(1), row(2, { mask: { size: { height: 2, width: 2 }, counts: "13" } }), row(3, { token: 2 })];
  expect(comparedRows(a, other)).toEqual({
    masks: 3,
    equal: 1,
    first: { image: 1, target: 2, prompts: "box", what: "the mask has other pixels" },
  });
});

test("a predicted IoU that is off by its last bit is a difference, and so is a row that one side lacks", () => {
  const off = comparedRows([row(1)], [row(1, { predictedIou: 0.5 + 2 ** -53 })]);
  expect(off.first?.what).toBe("the predicted IoU is 0.5000000000000001, and was 0.5");
  expect(comparedRows([row(1), row(2)], [row(1)]).first).toMatchObject({ target: 2, what: "only one of both has it" });
});
