import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson, planId, sha256 } from "./canonical.ts";

test("keys are sorted at every depth and blanks are left out", () => {
  expect(canonicalJson({ b: [1, { d: "x", c: null }], a: true })).toBe('{"a":true,"b":[1,{"c":null,"d":"x"}]}');
});

test("a field without a value is the same as no field", () => {
  expect(canonicalJson({ a: 1, b: undefined })).toBe(canonicalJson({ a: 1 }));
});

test("it is JSON of the same value, whatever the value", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const plain: unknown = JSON.parse(JSON.stringify(value));
      expect(JSON.parse(canonicalJson(plain))).toEqual(plain);
    }),
  );
});

test("what JSON would change silently is a bug", () => {
  for (const value of [Number.NaN, Infinity, new Float32Array(2), new Map([[1, 2]]), new Date(0), undefined, 3n]) {
    expect(() => canonicalJson([value])).toThrow("has no place in JSON");
  }
});

test("sha256 is the standard's own", () => {
  expect(sha256("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

test("a plan id is readable and fit for a folder", () => {
  expect(planId("sam-nano", {})).toMatch(/^sam-nano-[0-9a-f]{12}$/);
  expect(planId("ptq4sam/sam-vit-b/w8a8", {})).toMatch(/^ptq4sam-sam-vit-b-w8a8-[0-9a-f]{12}$/);
  expect(planId("blvit/b+t", {})).toMatch(/^blvit-b-t-[0-9a-f]{12}$/);
  expect(planId("../../x", {})).toMatch(/^x-[0-9a-f]{12}$/);
});

test("a plan id is the same with an undefined field and without it, at every depth", () => {
  const plan = { seed: 1, dataset: { id: "coco", images: [1, 2] } };
  const withUndefined = { ...plan, shard: undefined, dataset: { ...plan.dataset, fingerprint: undefined } };
  expect(planId("sam-nano", withUndefined)).toBe(planId("sam-nano", plan));
});

test("a plan id changes with the plan and with the variant, and not with the order of keys", () => {
  const id = planId("blvit/b+t", { seed: 1, limit: 3 });
  expect(planId("blvit/b+t", { limit: 3, seed: 1 })).toBe(id);
  expect(planId("blvit/b+t", { limit: 3, seed: 2 })).not.toBe(id);
  expect(planId("blvit/b-t", { limit: 3, seed: 1 })).not.toBe(id);
});
