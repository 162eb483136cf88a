import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { differingConditions } from "../../results/report/conditions.ts";
import { type RunReport, reportOf, type Score } from "../../results/report.ts";
import { exampleManifest } from "../../store/fixtures/run.ts";
import { exampleGraphs, storeExample } from "../fixtures/runs.ts";
import { speedUp } from "./columns/columns.ts";
import { baseOf, resultJson, resultTable } from "./tables.ts";

const seeded = { source: "seeded", label: "seeded weights, version 1" } as const;
const leftOut = [
  {
    variant: "sam-vit-l",
    reason: "no checkpoint here",
    command: "bench run --variants sam-vit-l --checkpoint sam-vit-l=FILE",
  },
];

/** A trained and a seeded variant, with figures that the eye can check. */
async function exampleReports(): Promise<RunReport[]> {
  const results = await mkdtemp(join(tmpdir(), "tables-"));
  const nano = await storeExample(results, {
    variant: "sam-nano",
    ious: { box: [0.7, 0.8, 0.9], "1p": [0.5, 0.6, 0.7], "3p": [0.6, 0.6, 0.7] },
    spread: 0.02,
    encodeMs: [40, 41, 42, 43],
    failed: 1,
    manifest: { ...exampleGraphs, warnings: [{ about: "sam-nano encode", text: "sam-nano encode: two speeds." }] },
  });
  const large = await storeExample(results, {
    variant: "sam-vit-h",
    images: 6,
    encodeMs: [4000, 4100, 4200, 4300],
    manifest: { ...exampleGraphs, weights: seeded },
  });
  return [await reportOf(nano), await reportOf(large)];
}

test("the first table has one row a variant, units in the header, and the notes that matter most", async () => {
  expect(resultTable(await exampleReports(), { leftOut })).toBe(
    `
shapes, 6 images; accuracy in % ± 95 % interval: n 15 by box, 1 point, 3 points
ms: median of 4; 2 threads on 2 cores, a cpu, ONNX Runtime 1.30.0, provider cpu

                          mIoU        mIoU        mIoU  encode  decode  total  memory  speed-up  params  files
variant    weights         box     1 point    3 points      ms      ms     ms      MB         ×       M     MB
---------  -------  ----------  ----------  ----------  ------  ------  -----  ------  --------  ------  -----
sam-nano   nano     80.0 ±3.9!  60.0 ±3.9!  63.3 ±3.9!   41.5!    4.15  45.6!    2200       100    93.7    381
sam-vit-h  seeded           –           –           –    4150      415  4565     2200      1.00    93.7    381
! see the warning

! images failed in 1 row and are in no figure: mend the photos and run again (1 more: --notes)
1 variant left out, --notes names it`.trimStart(),
  );
});

test("all notes say what the figures mean, what was left out and why, and every warning in full", async () => {
  const text = resultTable(await exampleReports(), { leftOut, notes: "all" });
  expect(text.slice(text.indexOf("latency: "))).toMatchInlineSnapshot(`
    "latency: median and quartiles of n = 4 (encode) and n = 8 (decode), one box prompt a decode; total is encode + decode
    measured with 2 threads on 2 cores, a cpu, ONNX Runtime 1.30.0, provider cpu
    speed-up: of the total, over sam-vit-h; preparing the photo and upscaling the mask are not in it
    prompts /s: box prompts decoded in one batch of 16; upscaling their masks is not in it
    memory: the highest peak of a process that holds the model and one photo alone, loading, encoding or decoding one box; Node, a thread that watches its parent (9
      MB) and ONNX Runtime are in it, the data set is not (harness: of the worker, which holds that too); MB = 10^6 bytes
    GMACs: 10^9 multiply-accumulates of the published architecture, or of what the method computes, for one image (encode) and one box prompt (decode); what the
      graphs here execute, fused and without padding, is another figure
    mIoU: mean over n instances; ± half the width of the 95 % interval, [low, high] where it is not symmetric (jackknife by groups of images, none from fewer than 5
      images)
    prompts: box by miou-gtbox-argmax; 1p, 3p by miou-random-points
    weights: nano = small, trained for this project: real accuracy at toy size; seeded = values from a seed: latency and memory only, no accuracy
    bounds: --json has both of each interval

    left out   because             what brings it
    ---------  ------------------  ----------------------------------------------------------
    sam-vit-l  no checkpoint here  bench run --variants sam-vit-l --checkpoint sam-vit-l=FILE

    warnings (2)
    - images failed in 1 row and are in no figure: mend the photos and run again
      - sam-nano: 1 of 6 images failed and is in no figure (image 6: photo 6.jpg: truncated)
    - sam-nano encode: two speeds."
  `);
});

test("the foot names the file of each checkpoint, and says where it is not the published one", async () => {
  const [nano, large] = await exampleReports();
  const from = (variant: string, weightsLabel: string): RunReport => ({
    ...large!,
    variant,
    weightsLabel,
    weights: "checkpoint",
  });
  const tuned = "mobile_sam.pt, not the published file";
  const table = resultTable(
    [nano!, from("mobilesam", tuned), from("sam-vit-b", "b.pth"), from("x/sam-vit-b", "b.pth")],
    { notes: "all" },
  );
  expect(table).toContain(`checkpoints: mobilesam from ${tuned}; sam-vit-b, x/sam-vit-b from b.pth\n`);
  expect(resultTable([nano!], { notes: "all" })).not.toContain("checkpoints:");
});

test("everything mode has seconds an image, n in the cells where rows differ in it", async () => {
  const [nano, large] = await exampleReports();
  const timed = (report: RunReport, median: number, n: number): RunReport => ({
    ...report,
    everything: { anything: { median, q1: median, q3: median, middleMean: median, n } },
  });
  const same = resultTable([timed(nano!, 28_140, 5), timed(large!, 91_000, 5)], { width: 200, notes: "all" });
  expect(same).toMatch(/ anything\n.* s\/image\n/);
  expect(same).toContain("everything: median over n images");
  const lines = same.split("\n");
  expect(lines.find((line) => line.startsWith("sam-nano"))).toMatch(/ 28\.1\*?$/);
  const other = resultTable([timed(nano!, 28_140, 5), timed(large!, 91_000, 2)], { width: 200 });
  expect(other.split("\n").find((line) => line.startsWith("sam-vit-h"))).toContain("91.0 (2)");
});

test("no line is wider than asked for, and every table begins with the variant", async () => {
  for (const width of [60, 100, 120, 160]) {
    const lines = resultTable(await exampleReports(), { width, columns: "all", notes: "all" }).split("\n");
    expect(lines.filter((line) => line.length > width)).toEqual([]);
    const rules = lines.filter((line) => /^-{3}/.test(line));
    const rows = lines.filter((line) => /^sam-nano {2,}/.test(line));
    expect(rows).toHaveLength(rules.length);
  }
});

test("all columns add the other stages, memory by stage, files and accuracy by size", async () => {
  const text = resultTable(await exampleReports(), { columns: "all" });
  for (const title of ["constants", "files", "prepare", "upscale", "mIoU small", "mIoU medium", "mIoU large"])
    expect(text).toContain(title);
  expect(resultTable(await exampleReports())).not.toContain("mIoU small");
});

test("rows of other conditions have no speed-up, and the foot says what each was measured with", async () => {
  const [nano, large] = await exampleReports();
  const text = resultTable([{ ...nano!, conditions: { ...nano!.conditions, threads: 1 } }, large!], { notes: "all" });
  expect(text).toMatch(/^sam-nano .* {2}–/m);
  expect(text).toContain("ms: median of 4; 2 different machines or settings, --notes names them");
  expect(text).toContain("sam-nano: measured with 1 thread on 2 cores");
  expect(text).toContain("sam-vit-h: measured with 2 threads on 2 cores");
});

test("processors that a row is pinned to, and a quota, are conditions, and stand beside the threads", async () => {
  const [nano, large] = await exampleReports();
  const conditions = { ...nano!.conditions, cpus: "0", quota: 1.5 };
  const text = resultTable([{ ...nano!, conditions }, large!], { notes: "all" });
  expect(text).toMatch(/^sam-nano .* {2}–/m);
  expect(text).toContain("sam-nano: measured with 2 threads on cpu 0 of 2 cores (a quota of 1.5)");
  expect(differingConditions(conditions, large!.conditions)).toEqual(["cpus", "quota"]);
});

test("rows on other providers have a speed-up over the processor's row, and the head line names the providers", async () => {
  const [nano] = await exampleReports();
  const conditions = { ...nano!.conditions, provider: "webgpu", gpu: "a gpu" };
  const onGpu = { ...nano!, variant: "sam-nano@webgpu", conditions };
  expect(baseOf([onGpu, nano!])?.variant).toBe("sam-nano");
  expect(speedUp(onGpu, nano)).toBe(1);
  expect(resultTable([onGpu, nano!])).toContain("ONNX Runtime 1.30.0, providers webgpu, cpu");
  const method = { ...nano!, variant: "sam-fast/sam-nano@webgpu", conditions };
  expect(baseOf([method, onGpu])?.variant).toBe("sam-nano@webgpu");
});

test("speed-ups are over the variant that methods of other rows run on", async () => {
  const [nano] = await exampleReports();
  const named = (variant: string) => ({ ...nano!, variant });
  const over = (...variants: readonly string[]) =>
    /speed-up: of the total, over ([^\s;]+)/.exec(resultTable(variants.map(named), { notes: "all" }))![1];
  expect(over("mobilesam-nano", "sam-fast/sam-nano", "sam-nano")).toBe("sam-nano");
  expect(over("mobilesam-nano", "sam-nano")).toBe("mobilesam-nano");
});

test("one prompts name of two protocols is two columns", async () => {
  const [nano] = await exampleReports();
  const box = { ...nano!.prompts.box!, protocol: "miou-gtbox" };
  const text = resultTable([nano!, { ...nano!, prompts: { box } }]);
  expect(text).toContain("box, miou-gtbox-argmax");
  expect(text).toMatch(/box, miou-gtbox( |\n)/);
});

test("rows of different n carry it in the cell", async () => {
  const [nano] = await exampleReports();
  const { miou } = nano!.prompts.box!;
  const fewer = { ...nano!, prompts: { box: { ...nano!.prompts.box!, miou: { ...(miou as Score), n: 7 } } } };
  const text = resultTable([nano!, fewer]);
  expect(text).toMatch(/80\.0 ±\d\.\d \(15\)[\s\S]*80\.0 ±\d\.\d \(7\)/);
  expect(text).toContain("n 7 to 15 by box; n 15 by 1 point, 3 points");
});

test("runs on two datasets are two tables", async () => {
  const [nano, large] = await exampleReports();
  const text = resultTable([nano!, { ...large!, dataset: "coco", fingerprint: "f2" }]);
  expect(text).toMatch(/^shapes, 6 images; accuracy in %/m);
  expect(text).toMatch(/^coco, 6 images; no accuracy$/m);
});

test("a run that is not finished is marked", async () => {
  const [nano] = await exampleReports();
  const text = resultTable([{ ...nano!, status: "stopped" }]);
  expect(text).toContain("sam-nano †");
  expect(text).toContain("† not finished");
});

test("a table of no run says what was left out", () => {
  expect(resultTable([], { leftOut, notes: "all" })).toContain(
    "bench run --variants sam-vit-l --checkpoint sam-vit-l=FILE",
  );
});

test("the JSON has the runs and what was left out, fields as the issue of formats has them", async () => {
  const reports = await exampleReports();
  const { runs, leftOut: left } = JSON.parse(JSON.stringify(resultJson(reports, leftOut)));
  expect(left).toEqual(leftOut);
  const [nano, large] = runs;
  expect(nano).toMatchObject({
    id: "sam-nano-0affac183e01",
    variant: "sam-nano",
    weights: "nano",
    dataset: exampleManifest().dataset.id,
    parameters: 93_735_472,
    referenceGmacs: { encode: 371.98, decode: 1.234 },
    executedGmacs: { encode: 361.5, decode: 1.02 },
    modelMemory: { load: 600e6, encode: 2200.4e6, decode: 2100e6 },
  });
  expect(Object.keys(nano.prompts)).toEqual(["box", "1p", "3p"]);
  for (const { protocol, miou, small, medium, large } of Object.values<Record<string, object>>(nano.prompts)) {
    expect(protocol).toMatch(/^miou-/);
    for (const score of [miou, small, medium, large])
      expect(Object.keys(score!).sort()).toEqual(["high", "low", "n", "value"]);
  }
  for (const stage of ["prepare", "encode", "decode", "upscale"])
    expect(Object.keys(nano.latency[stage]).sort()).toEqual(["median", "middleMean", "n", "q1", "q3"]);
  expect(nano.promptsPerSecond).toBeCloseTo((16 / 0.0205 + 16 / 0.021) / 2, 9);
  expect(large.prompts).toEqual({});
});

test("masks that are upscaled stand beside masks that are not in a column of decode and upscale", async () => {
  const [sam] = await exampleReports();
  const fast: RunReport = {
    ...sam!,
    id: "fastsam-s-0123456789ab",
    variant: "fastsam-s",
    latency: { ...sam!.latency, upscale: { median: 0, q1: 0, q3: 0, middleMean: 0, n: 4 } },
  };
  const text = resultTable([sam!, fast], { columns: ["total", "decode-upscale"], notes: "all" });
  expect(text).toContain("decode + upscale");
  // Decode 4.15 and upscale 3 ms; FastSAM's encode has the masks.
  expect(text.split("\n").find((line) => line.startsWith("sam-nano"))).toMatch(/ 45\.6!? +7\.15$/);
  expect(text.split("\n").find((line) => line.startsWith("fastsam-s"))).toMatch(/ 45\.6!? +4\.15\*$/);
  expect(text).toContain("decode + upscale: from one box prompt to its mask at the photo's size");
  expect(resultTable([sam!])).not.toContain("decode + upscale");
});

test("two files of one name are told apart by their hash", async () => {
  const [sam] = await exampleReports();
  const file = (weightsLabel: string, weightsSha256: string): RunReport => ({
    ...sam!,
    weights: "checkpoint",
    weightsLabel,
    weightsSha256,
  });
  const text = resultTable(
    [file("best.pth", "aaaaaaaa11"), file("best.pth", "bbbbbbbb22"), file("last.pth", "cccccccc33")],
    { notes: "all" },
  );
  expect(
    text
      .match(/^sam-nano .*$/gm)!
      .slice(0, 3)
      .map((line) => line.split(/ {2,}/)[1]),
  ).toEqual(["best.pth aaaaaaaa", "best.pth bbbbbbbb", "last.pth"]);
  expect(text).toContain(
    "checkpoints: sam-nano from best.pth (sha256 aaaaaaaa…); sam-nano from best.pth (sha256 bbbbbbbb…); sam-nano from last.pth",
  );
});

test("a floor's row is the last, whenever it was run, and the foot names it and what two people reach", async () => {
  const results = await mkdtemp(join(tmpdir(), "tables-"));
  const base = exampleManifest();
  const humanAgreement = { meanIou: 0.866, pairs: 178, compared: "21 photos" };
  const floor = await storeExample(results, {
    variant: "baseline/prompt",
    ious: { box: [0.5, 0.6, 0.7] },
    manifest: {
      variant: { ...base.variant, id: "baseline/prompt", title: "filled box / disc", role: "floor" },
      weights: { source: "none", label: "filled box / disc, no model" },
      dataset: { ...base.dataset, images: 5, humanAgreement },
    },
  });
  const nano = await storeExample(results, { variant: "sam-nano", ious: { box: [0.7, 0.8, 0.9] } });
  const reports = [await reportOf(floor), await reportOf(nano)];
  const table = resultTable(reports, { notes: "all" }).split("\n");
  const at = (text: string) => table.findIndex((line) => line.startsWith(text));
  expect(at("baseline/prompt  floor ")).toBe(at("sam-nano ") + 1);
  expect(table).toContain(
    "floor: baseline/prompt (filled box / disc) answers without a look at the photo; a row below it does worse than no model",
  );
  const foot = table.slice(at("human agreement: ")).join(" ").replace(/ +/g, " ");
  expect(foot).toMatch(
    /^human agreement: 86\.6 % mIoU between two people's masks of the same things, 178 pairs \(21 photos\)\. It is of those photos, not of this set/,
  );
  expect(resultJson([await reportOf(floor)]).runs[0]).toMatchObject({ role: "floor", humanAgreement });
});

test("a row that another process answers says what computes, and how long pixels and masks were on their way", async () => {
  const [nano] = await exampleReports();
  const transfer = { n: 4, median: 3.25, q1: 3, q3: 4 } as NonNullable<NonNullable<RunReport["external"]>["transfer"]>;
  const external = { name: "segment-anything on PyTorch", versions: { python: "3.11.7", torch: "2.15.0" }, transfer };
  const { provider, onnxruntime, ...machine } = nano!.conditions;
  const conditions = { ...machine, program: "segment-anything on PyTorch (python 3.11.7, torch 2.15.0)" };
  const authors = { ...nano!, variant: "torch/sam-nano", external, conditions };
  expect(resultTable([nano!, authors], { width: 200 }).split("\n").slice(1, 3)).toEqual([
    "ms: median of 4; 2 threads on 2 cores, a cpu",
    `answered by another program: torch/sam-nano by ${conditions.program}; the other rows by ONNX Runtime ${onnxruntime}, provider ${provider}`,
  ]);
  expect(resultTable([authors], { notes: "all" })).not.toMatch(/ONNX Runtime|provider/);
  const table = resultTable([nano!, authors], { notes: "all", width: 400 });
  expect(table).toContain(
    "torch/sam-nano: another process, segment-anything on PyTorch (python 3.11.7, torch 2.15.0); stages are by its own clock; the way of pixels and masks took 3.3 ms more (median, n = 4)",
  );
  expect(table).not.toContain(
    "sam-nano: another process, segment-anything on PyTorch (python 3.11.7, torch 2.15.0); its seconds",
  );
});
