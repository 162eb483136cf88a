import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { encodePng } from "../image/codec.ts";
import { bench } from "./fixtures/bench.ts";

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "choose-slow-"));
  for (const name of ["a.png", "b.png"]) {
    const pixels = new Uint8Array(3 * 40 * 60).fill(90);
    writeFileSync(join(folder, name), await encodePng({ size: { height: 40, width: 60 }, pixels }));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

test("photos alone are measured once, and ranked by latency and memory", async () => {
  const runs = ["--variants", "sam-nano,mobilesam-nano", "--rounds", "5", "--warmup", "0"];
  const args = ["choose", "--data", folder, "--results", join(folder, "results"), "--json", ...runs];
  const first = await bench([...args, "--max-latency", "60s", "--max-memory", "8GB"]);
  expect([first.code, first.notes]).toEqual([0, expect.stringContaining("sam-nano: nano weights")]);
  const { dataset, images, fitting } = JSON.parse(first.out);
  expect([dataset, images]).toEqual(["unlabelled", 2]);
  for (const each of fitting) {
    expect(each.accuracy).toBeUndefined();
    expect(each.latencyMs.low).toBeLessThanOrEqual(each.latencyMs.value);
    expect(each.memoryBytes).toBeGreaterThan(50e6);
  }
  const second = await bench([...args, "--max-memory", "1MB"]);
  expect(second.code).toBe(1);
  expect(second.notes).toContain("sam-nano: finished before, nothing to do");
  const { missing } = JSON.parse(second.out);
  expect(missing.map(({ variant }: { variant: string }) => variant).sort()).toEqual(["mobilesam-nano", "sam-nano"]);
});
