import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Checkpoint } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { openCheckpoint } from "./checkpoint.ts";

const file = fileURLToPath(new URL("fixtures/training.pth", import.meta.url));
let checkpoint: Checkpoint;

beforeAll(async () => {
  checkpoint = await openCheckpoint(file);
});
afterAll(() => checkpoint.close());

test("a weight is taken by name and shape, and read when it is needed", () => {
  expect(checkpoint.label).toBe(file);
  expect(checkpoint.source).toBe("checkpoint");
  expect(checkpoint.dims("transposed")).toEqual([12, 10]);
  expect(checkpoint.dims("nothing")).toBeUndefined();
  const weight = checkpoint.take("bias", [7]);
  expect(weight.dims).toEqual([7]);
  expect(weight.read()[0]).toBe(-0.05840808153152466);
  expect(weight.read()).not.toBe(weight.read());
});

test("another shape is an error that shows both", () => {
  expect(() => checkpoint.take("a_weight", [5, 8])).toThrow(
    `${file}: weight a_weight has the wrong shape (found [8, 5], expected [5, 8])`,
  );
  expect(() => checkpoint.take("bias", [7, 1])).toThrow("found [7], expected [7, 1]");
});

test("a missing weight is an error that guesses at a slip", () => {
  expect(hintOf(() => checkpoint.take("transposd", [12, 10]))).toBe("did you mean transposed?");
  expect(hintOf(() => checkpoint.take("image_encoder.pos_embed", [1]))).toBe(
    "is this the checkpoint of another variant?",
  );
});

test("what was neither taken nor discarded is named", async () => {
  const fresh = await openCheckpoint(file, "nano");
  expect(fresh.source).toBe("nano");
  fresh.take("bias", [7]);
  fresh.discard(/^(shared_|i64|i32|u8|f64|half|bf16|view|flag|empty)/g, "not for inference");
  expect(() => fresh.assertAllTaken()).toThrow(
    `${file}: 3 weights were neither taken nor discarded (found a_weight, scalar, transposed)`,
  );
  fresh.discard(/^(a_weight|transposed)$/, "not for inference");
  expect(() => fresh.assertAllTaken()).toThrow("1 weight was neither taken nor discarded (found scalar)");
  fresh.take("scalar", []);
  fresh.assertAllTaken();
  fresh.close();
});

function hintOf(action: () => unknown): string | undefined {
  try {
    action();
  } catch (error) {
    return error instanceof HarnessError ? error.hint : undefined;
  }
  return undefined;
}
