import { expect, test } from "vitest";
import { unknown } from "./errors.ts";

const known = Array.from({ length: 20 }, (_, i) => `model-${i + 10}`);

test("a slip of the hand gets the nearest words alone, at most three", () => {
  expect(unknown("variant", "mobilsam", ["mobilesam", "sam-nano"]).message).toBe(
    "unknown variant: mobilsam; did you mean mobilesam?",
  );
  expect(unknown("variant", "sam-vit", ["sam-vit-b", "sam-vit-h", "sam-nano"]).message).toBe(
    "unknown variant: sam-vit; did you mean sam-vit-b or sam-vit-h?",
  );
  expect(unknown("variant", "model-1", known).message).toBe(
    "unknown variant: model-1; did you mean model-10, model-11 or model-12?",
  );
});

test("a word that is near nothing gets what is known, or the first of many and how many more", () => {
  expect(unknown("list", "everything", ["runs", "papers"]).message).toBe(
    "unknown list: everything; known: runs, papers",
  );
  expect(unknown("variant", "yolo", known).message).toMatch(/; known: model-10, .*, model-21 and 8 more$/);
});
