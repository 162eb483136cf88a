import { cp, mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openRun, readRun } from "../store.ts";
import { migrate, migrations } from "./migrations.ts";

/** Left by version 1: a run of a quantised variant, cut to one image of three rows and two turns. */
const fixtures = fileURLToPath(new URL("../fixtures/version1/", import.meta.url));
const id = "ptq4sam-sam-nano-w8a8-a5268a86289d";

test("a run of version 1 is read without the fields that mean something else now, and says why", async () => {
  const { manifest, rows, latency } = await readRun(fixtures, id);
  expect(manifest.schema).toBe(2);
  expect(Object.keys(manifest.absent!)).toEqual(["modelMemory", "gmacs", "theory", "scores"]);
  expect(manifest.absent!.gmacs).toMatch(/^GMACs were those of the fused graph/);
  expect(manifest).not.toHaveProperty("memory");
  expect(manifest.modelMemory ?? manifest.scores ?? manifest.graphs?.executedGmacs ?? manifest.graphs?.theory).toBe(
    undefined,
  );
  expect(manifest.graphs?.parameters).toBe(1_036_136);
  let n = 0;
  for await (const row of rows()) n += row.image > 0 ? 1 : 0;
  expect(n).toBe(3);
  expect((await latency()).map(({ session }) => session)).toEqual([undefined, undefined]);
});

test("a run of version 1 is not added to", async () => {
  const results = await mkdtemp(join(tmpdir(), "version1-"));
  await cp(join(fixtures, id), join(results, id), { recursive: true });
  const { manifest } = await readRun(results, id);
  await expect(openRun(results, manifest)).rejects.toThrow(
    `${id}: a run of an older sam-bench, which can be read and not added to`,
  );
  const stored = JSON.parse(await readFile(join(results, id, "manifest.json"), "utf8"));
  expect(stored.schema).toBe(1);
});

test("what version 1 called FastSAM ran in a square", () => {
  expect(migratedFrom1({ variant: { id: "fastsam-x", title: "FastSAM-x" } })).toMatchObject({
    variant: { id: "fastsam-x/square", title: "FastSAM-x in a square" },
  });
  const sam = { id: "sam-vit-b", title: "SAM ViT-B" };
  expect(migratedFrom1({ variant: sam })).toMatchObject({ variant: sam });
});

test("everything mode of version 1 that suppressed by rank has no figures", () => {
  const { protocols, absent } = migratedFrom1({ protocols: { box: "miou-gtbox", anything: "anything-ar1000" } });
  expect(protocols).toEqual({ box: "miou-gtbox" });
  expect(absent).toEqual({ anything: expect.stringContaining("not the one of higher predicted IoU") });
});

function migratedFrom1(fields: Readonly<Record<string, unknown>>) {
  return migrate({ schema: 1, ...fields }, { file: "manifest.json", version: 2, migrations });
}
