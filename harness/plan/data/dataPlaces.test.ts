import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { placesOf, rememberPlaces } from "./dataPlaces.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "places-"));
  vi.stubEnv("SAM_BENCH_HOME", home);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});

test("where data lie is known by their fingerprint, as long as they lie there", () => {
  const boxes = join(home, "boxes.json");
  writeFileSync(boxes, "[]");
  rememberPlaces("f1 boxes ab12", { data: home, boxes });
  expect(placesOf("f1 boxes ab12")).toEqual({ data: home, boxes });
  expect(placesOf("f1")).toEqual({ data: home });
  // Other boxes on the same photos.
  expect(placesOf("f1 boxes cd34")).toEqual({ data: home });
  expect(placesOf("f2")).toEqual({});
  rmSync(boxes);
  expect(placesOf("f1 boxes ab12")).toEqual({ data: home });
});
