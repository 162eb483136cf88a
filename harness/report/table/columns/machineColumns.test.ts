import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { type RunReport, reportOf } from "../../../results/report.ts";
import { storeExample } from "../../fixtures/runs.ts";
import { resultTable } from "../tables.ts";

let nano: RunReport;
beforeAll(async () => {
  const results = await mkdtemp(join(tmpdir(), "machine-columns-"));
  nano = await reportOf(await storeExample(results, { variant: "sam-nano", encodeMs: [40, 41, 42, 43] }));
});

const summary = (median: number) => ({ median, q1: median, q3: median, middleMean: median, n: 5 });

test("the stages of everything mode are columns of the wide table, by prompts name, and so are their peaks", () => {
  const ms = {
    prepare: summary(10),
    encode: summary(200),
    decode: summary(3000),
    upscale: summary(400),
    filter: summary(50),
  };
  const everythingStages = { anything: { ms, peakBytes: { encode: 512e6, masks: 600e6 } } };
  const timed = { ...nano, everything: { anything: summary(3660) }, everythingStages };
  const wide = resultTable([timed], { columns: "wide", width: 400 });
  expect(wide).toMatch(/anything +prepare s +encode s +decode s +upscale s +filter s +encode MB +masks MB\n/);
  expect(wide).toMatch(/ 3\.66 +0\.010 +0\.20 +3\.00 +0\.40 +0\.050 +512 +600$/m);
  expect(resultTable([timed])).not.toContain("filter");
});

test("a cold start is columns of the wide table, without the cold read where files stayed in the cache, and the foot says why", () => {
  const stages = { load: summary(2), create: summary(40), optimise: summary(-3), "first-encode": summary(61) };
  const started = { ...nano, coldStart: { stages, stayed: "the system has no fincore" } };
  const wide = resultTable([started], { columns: "wide", width: 400, notes: "all" });
  expect(wide).toMatch(/ load +create +optimise +first encode\n/);
  expect(wide).toMatch(/ 2\.00 +40\.0 +-3\.00 \[-3\.00 to -3\.00\] +61\.0\n/);
  expect(wide).toContain("cold start: medians of 5 processes of each kind");
  expect(wide.replaceAll(/\s+/g, " ")).toContain("files could not be dropped: the system has no fincore");
});

test("rows of pages stand beside native ones: their names say their threads, and the head names their runtime", () => {
  const page = { browser: "Chromium 156.0", downloadBytes: 20_200_000, firstMaskMs: 956, memoryBytes: 123e6 };
  const inPage = (threads: number): RunReport => ({
    ...nano,
    variant: `sam-nano@web-wasm${threads}`,
    page,
    conditions: { ...nano.conditions, provider: `web-wasm${threads}`, threads, onnxruntime: "1.31.0" },
  });
  const { threads, onnxruntime } = nano.conditions;
  const mixed = resultTable([inPage(threads + 1), nano], { columns: "wide", width: 400, notes: "all" });
  expect(mixed).toContain(
    `ONNX Runtime ${onnxruntime}, provider cpu; in pages ONNX Runtime 1.31.0, threads as their names say`,
  );
  expect(mixed).toMatch(/ download +first mask +page memory\n/);
  expect(mixed).toMatch(/ 20\.2\S* +956\S* +123\S*\n/);
  expect(mixed).toContain("rows @web: computed by a page in Chromium 156.0");
  expect(resultTable([inPage(1), inPage(4)])).toContain("1 and 4 threads on");
});

test("energy is joules of an image, and its method stands below the table", () => {
  const energy = { joules: 1.234, watts: 35, idleWatts: 9, images: 28, method: "RAPL, package-0" };
  const wide = resultTable([{ ...nano, energy }], { columns: "wide", width: 400, notes: "all" });
  expect(wide).toMatch(/ energy\n.* J\/image\n/);
  expect(wide).toMatch(/ 1\.23\n/);
  expect(wide).toContain("over 28 images by RAPL, package-0; what the machine draws when idle is in it");
});
