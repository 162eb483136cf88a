import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { HarnessError } from "../errors.ts";
import { storeExample } from "../report/fixtures/runs.ts";
import { planId } from "../store/canonical.ts";
import { listRuns } from "../store/manifest.ts";
import type { Manifest } from "../store/schema.ts";
import { compareIn, storeMaskRuns } from "./fixtures/comparing.ts";

let results: string;
beforeEach(() => {
  results = mkdtempSync(join(tmpdir(), "compare-"));
});
afterEach(() => rmSync(results, { recursive: true, force: true }));

const comparing = (a: string, b: readonly string[], args: Readonly<Record<string, unknown>> = {}) =>
  compareIn(results, a, b, args);

async function failing(a: string, b: readonly string[], args: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const error: unknown = await comparing(a, b, args).catch((thrown: unknown) => thrown);
  if (error instanceof HarnessError) return error.message;
  throw new Error("expected a HarnessError");
}

/** Eight images each; B is 10 points of mIoU lower by box, and alike by one point. */
async function exampleRuns(): Promise<void> {
  // The example's photos are in no drawn dataset.
  const manifest = { dataset: { id: "coco", fingerprint: "f1", images: 8, warnings: [] } };
  const images = 8;
  const a = { variant: "sam-vit-b", ious: { box: [0.7, 0.8], "1p": [0.5] }, images, encodeMs: [40, 41, 42], manifest };
  await storeExample(results, a);
  const b = { variant: "mobilesam", ious: { box: [0.6, 0.7], "1p": [0.5] }, images, encodeMs: [20, 21, 22], manifest };
  await storeExample(results, b);
}

test("two variants are compared by their newest runs, and a condition that is met sets the exit code", async () => {
  await exampleRuns();
  const { code, out } = await comparing("sam-vit-b", ["mobilesam"]);
  expect(code).toBe(0);
  expect(out).toContain("worse: mobilesam is worse than sam-vit-b.");
  expect(out).toContain("miou.1p: the same on every image.");
  expect(out).toContain("latency: not judged, the two were measured in two sessions");
  const gated = await comparing("sam-vit-b", ["mobilesam"], { "fail-if": ["miou.box < -0.5%", "miou.1p < -0.5%"] });
  expect(gated.code).toBe(1);
  expect(gated.notes).toBe("failed: miou.box < -0.5% (mobilesam-1a427c87b849: difference −10.00 points)\n");
  expect((await comparing("mobilesam", ["sam-vit-b"], { "fail-if": ["miou.box < -0.5%"] })).code).toBe(0);
});

test("how far masks agree comes first, in text and JSON, and conditions on it set the exit code", async () => {
  const [a, b] = (await storeMaskRuns(results, 8)) as [string, string];
  const { out } = await comparing(a, [b]);
  expect(out.indexOf("agreement")).toBeLessThan(out.indexOf("no difference: none was shown"));
  // 80 of 100 px in four of eight masks; 20 px in four of eight photos of 307,200 px.
  expect(out).toMatch(/^box +8 +100\.00 % +0 +0 +0\.900000 +0\.800000 +3\.3e-5 +2$/m);
  expect(out).toContain("- box: left out: 2 targets whose image failed in B\n");
  expect(out).not.toMatch(/category 1|if unpaired/);
  const { out: all } = await comparing(a, [b], { wide: true, notes: true });
  expect(all).toMatch(/^box +1 +1 +category 1 +0\.800000 +20 +2, 2 /m);
  expect(all).toContain("\ninterval: jackknife by groups of images, the same groups of images for A and B\n");
  expect(`${out}${all}`.split("\n").filter((text) => text.length > 160)).toEqual([]);
  const { comparisons } = JSON.parse((await comparing(a, [b], { json: true })).out);
  expect(comparisons[0].agreement.all).toMatchObject({
    n: 8,
    sameToken: 1,
    maskIou: { mean: expect.closeTo(0.9, 12), least: 0.8 },
  });
  expect(comparisons[0].agreement.worst).toHaveLength(4);
  const gated = await comparing(a, [b], { "fail-if": ["same-token < 0.999", "mask-iou < 0.9999"] });
  expect([gated.code, gated.notes]).toEqual([1, `failed: mask-iou < 0.9999 (${b}: 0.900000)\n`]);
  expect(
    (await comparing(a, [b], { "fail-if": ["mask-iou < 0.89", "predicted-iou > 1e-4", "left-out > 2"] })).code,
  ).toBe(0);
});

test("--out writes the page of the same figures, with a card for each target that differs", async () => {
  const [a, b] = (await storeMaskRuns(results, 8)) as [string, string];
  const out = join(results, "deep", "page");
  const { notes } = await comparing(a, [b], { out });
  const file = join(out, "index.html");
  expect(notes).toBe(`${file}: 4 pictures, 0.0 MB, without photos: --data names their folder\n`);
  const page = readFileSync(file, "utf8");
  expect(page).toContain("<td>0.900000</td><td>0.800000</td>");
  expect(page.match(/<article class="card"/g)).toHaveLength(4);
  const bare = await comparing(a, [b], { out, photos: false, json: true });
  expect(bare.notes).toBe(`${file}: 4 pictures, 0.0 MB\n`);
  expect(JSON.parse(bare.out).comparisons).toHaveLength(1);
  expect(await failing(a, [b], { photos: false })).toBe("--no-photos: has no effect where --out is not given");
});

test("runs are named by id, by its beginning, or by their folder; JSON has every figure", async () => {
  await exampleRuns();
  const folder = join(results, "mobilesam-1a427c87b849");
  const { out, code } = await comparing("sam-vit-b-635c", [folder], { json: true, "fail-if": ["miou.box < 0"] });
  const { comparisons, failures } = JSON.parse(out);
  expect(code).toBe(1);
  expect(failures).toEqual([
    { condition: "miou.box < 0", run: "mobilesam-1a427c87b849", found: "difference −10.00 points" },
  ]);
  expect(comparisons[0]).toMatchObject({
    a: { variant: "sam-vit-b" },
    b: { id: "mobilesam-1a427c87b849" },
    verdict: { outcome: "worse" },
  });
  expect(comparisons[0].figures.map(({ figure }: { figure: string }) => figure)).toContain("miou.box.small");
});

test("mistakes are told before anything is measured", async () => {
  await exampleRuns();
  expect(await failing("sam-vit-b", ["mobilesan"])).toContain("did you mean mobilesam?");
  expect(await failing("sam-vit-b", ["gone.pth"])).toContain("gone.pth: no such file, run or variant");
  expect(await failing("sam-vit-b", ["mobilesam"], { "fail-if": ["miou.box"] })).toContain("no < or > in it");
  expect(await failing("sam-vit-b", ["mobilesam"], { external: ["mine=python3 mine.py"] })).toBe(
    "--external mine=…: mine is not compared (found sam-vit-b, mobilesam)",
  );
  expect(await failing("sam-vit-b", ["mobilesam"], { metric: ["mio"] })).toContain("did you mean miou?");
  expect(await failing("sam-vit-b", ["mobilesam"], { "fail-if": ["ap.box < 0"] })).toContain("unknown figure");
});

test("a bare id means the variant's own weights, and a run is not compared with itself", async () => {
  const manifest = { dataset: { id: "coco", fingerprint: "f1", images: 8, warnings: [] } };
  const nano = (iou: number, weights: Manifest["weights"], limit: number) =>
    storeExample(results, {
      variant: "sam-nano",
      ious: { box: [iou] },
      images: 8,
      manifest: {
        ...manifest,
        weights,
        id: planId("sam-nano", { limit }),
        plan: { asPassed: [], resolved: { limit } },
      },
    });
  await nano(0.6, { source: "nano", label: "sam-nano.safetensors", file: "sam-nano.safetensors", sha256: "aa" }, 1);
  const mine = await nano(0.5, { source: "checkpoint", label: "mine.pth", file: "mine.pth", sha256: "bb" }, 2);
  const { out } = await comparing("sam-nano", [mine.id], { json: true });
  const [comparison] = JSON.parse(out).comparisons;
  expect([comparison.a.weights, comparison.b.weights]).toEqual(["sam-nano.safetensors", "mine.pth"]);
  expect(comparison.figures[0]).toMatchObject({ figure: "miou.box", difference: { value: expect.closeTo(-0.1, 9) } });
  expect(await failing(mine.id, [mine.id])).toBe(`${mine.id}: both sides are this run`);
  expect(await failing("sam-nano", ["sam-nano"])).toContain("both sides are this run");
});

test("a row's name means the checkpoint that is called so, and both sides are called by their names", async () => {
  const dataset = { id: "coco", fingerprint: "f1", images: 8, warnings: [] };
  const named = (name: string, iou: number) =>
    storeExample(results, {
      variant: "sam-nano",
      plan: name,
      ious: { box: [iou] },
      images: 8,
      manifest: {
        dataset,
        weights: { source: "checkpoint", label: "epoch.pth", file: "epoch.pth", sha256: name },
        variant: { name } as Manifest["variant"],
      },
    });
  await named("sam-nano:first", 0.5);
  await named("sam-nano:second", 0.7);
  const { out } = await comparing("sam-nano:first", ["sam-nano:second"]);
  expect(out).toContain("better: sam-nano:second is better than sam-nano:first.");
  expect(await failing("sam-nano:first", ["sam-nano:third"])).toBe(
    "sam-nano:third: no checkpoint of this name is given",
  );
});

test("a variant that is stored with other weights alone says by which names these are compared", async () => {
  const dataset = { id: "coco", fingerprint: "f1", images: 8, warnings: [] };
  const stored = (label: string, name?: string) =>
    storeExample(results, {
      variant: "sam-vit-b",
      plan: label,
      ious: { box: [0.5] },
      images: 8,
      manifest: {
        dataset,
        weights: { source: "checkpoint", label, file: label, sha256: label },
        variant: { name } as Manifest["variant"],
      },
    });
  const mine = await stored("mine.pth");
  await stored("epoch.pth", "sam-vit-b:epoch");
  await storeExample(results, { variant: "sam-nano", ious: { box: [0.4] }, images: 8, manifest: { dataset } });
  vi.stubEnv("SAM_BENCH_HOME", join(results, "home"));
  await expect(comparing("sam-vit-b", ["sam-nano"])).rejects.toMatchObject({
    message: "sam-vit-b: no checkpoint here",
    hint: expect.stringMatching(
      new RegExp(
        `^stored here with other weights, to be compared by name: (${mine.id} \\(mine.pth\\)|, |sam-vit-b:epoch \\(epoch.pth\\)){3}; or bench pull sam-vit-b`,
      ),
    ),
  });
  vi.unstubAllEnvs();
});

test("--prompts chooses what is compared, and a run without them is refused", async () => {
  await exampleRuns();
  const { out } = await comparing("sam-vit-b", ["mobilesam"], { prompts: "1p", json: true });
  const names = JSON.parse(out).comparisons[0].figures.map(({ prompts }: { prompts: string }) => prompts);
  expect(new Set(names)).toEqual(new Set(["1p"]));
  expect(await failing("sam-vit-b", ["mobilesam"], { limit: 5 })).toMatch(
    /^--limit: has no effect, because sides are compared on the plan of (sam-vit-b|mobilesam)-/,
  );
  const ids = (await listRuns(results)).map(({ id }) => id);
  expect(await failing(ids[0]!, [ids[1]!], { prompts: "1p,5c" })).toMatch(/^--prompts 5c: .+ was run without them/);
});
