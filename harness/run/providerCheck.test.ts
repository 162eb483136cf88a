import { afterEach, beforeEach, expect, test } from "vitest";
import type { RunFlags } from "../plan/runFlags.ts";
import { resultTable } from "../report/table/tables.ts";
import { reportOf } from "../results/report.ts";
import type { StoredRun } from "../store/store.ts";
import { offBy } from "./fixtures/offBy.ts";
import { type PluginTrial, patience, pluginTrial } from "./fixtures/pluginTrial.ts";
import { type Wrapping, wrappedNano } from "./fixtures/wrappedNano.ts";
import { providerWarnings, requireAcceptable, worstError } from "./providerCheck.ts";

const quick: RunFlags = { dataset: "shapes", prompts: "box", limit: 1, rounds: 1, warmup: 0, threads: 1 };

let trial: PluginTrial;
beforeEach(() => {
  trial = pluginTrial();
});
afterEach(() => trial.remove());

const checked = { variant: "sam-nano", provider: "webgpu", accepted: false };
const runtime = { provider: "webgpu", threads: 1, onnxruntime: "1", graphOptimization: "all", spinning: false };

test("a provider is refused where its worse stage is over 2 % of the std", () => {
  requireAcceptable({ encode: 0.02, decode: 0.02 }, checked);
  for (const error of [{ encode: 0.098, decode: 0.001 }, { encode: 0.001, decode: 0.0201 }, { encode: 0.03 }])
    expect(() => requireAcceptable(error, checked)).toThrow(
      "provider webgpu computes something else than the processor",
    );
  expect(() => requireAcceptable({ encode: 0.0981, decode: 0.0312 }, checked)).toThrow(
    "(found encode off by 0.098 of the std, decode off by 0.031 of the std, expected at most 0.02 of the std)",
  );
  requireAcceptable({ encode: 0.5, decode: 2 }, { ...checked, accepted: true });
});

test("a method of integers may differ by as much as its own rounding, and not by more", () => {
  const ofIntegers = { variant: "sam-fast/sam-nano", provider: "webgpu", accepted: false, int8Error: 0.1 };
  requireAcceptable({ encode: 0.026, decode: 0.0981 }, ofIntegers);
  expect(() => requireAcceptable({ encode: 0.11 }, ofIntegers)).toThrow("expected at most 0.1 of the std");
});

test("outputs that are no numbers are refused, accepted or not", () => {
  for (const accepted of [true, false])
    expect(() => requireAcceptable({ encode: Number.POSITIVE_INFINITY }, { ...checked, accepted })).toThrow(
      "can not be compared with the processor's",
    );
});

test("a difference of rounding is no warning, one over 0.1 % of the std is", () => {
  expect(providerWarnings(runtime)).toEqual([]);
  expect(providerWarnings({ ...runtime, providerError: { encode: 1e-3, decode: 5e-6 } })).toEqual([]);
  const [warning] = providerWarnings({ ...runtime, providerError: { encode: 5e-6, decode: 0.0043 } });
  expect(warning!.text).toContain("(encode off by 0.000005 of the std, decode off by 0.0043 of the std)");
});

test("a merged run has the worst error of its shards", () => {
  expect(worstError([])).toBeUndefined();
  expect(
    worstError([
      { encode: 1, decode: 4 },
      { encode: 3, decode: 2 },
    ]),
  ).toEqual({ encode: 3, decode: 4 });
  expect(worstError([{ encode: 1 }])).toEqual({ encode: 1 });
});

test(
  "a run on another provider stores its error, and the table warns of one that figures may show",
  async () => {
    const [run] = await runOn("webgpu", offBy(0.005), { phase: "accuracy" });
    const { providerError } = run!.manifest.runtime;
    expect(providerError!.encode).toBeCloseTo(0.005, 5);
    expect(providerError!.decode).toBeGreaterThan(0);
    expect(run!.manifest.status).toMatchObject({ state: "done", images: 1 });
    const warning = "what provider webgpu computes differs from the processor's (encode off by 0.005 of the std";
    expect(trial.notes.join("\n")).toContain(`elsewhere@webgpu: ${warning}`);
    expect(resultTable([await reportOf(run!)], { leftOut: [] }).replaceAll(/\s+/g, " ")).toContain(warning);
  },
  patience,
);

async function runOn(provider: string, wrapping: Wrapping, flags: RunFlags): Promise<readonly StoredRun[]> {
  const plugin = wrappedNano(trial.folder, wrapping);
  return trial.run(plugin, { ...quick, ...flags, variants: wrapping.id, provider });
}
