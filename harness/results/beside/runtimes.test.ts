import { beforeAll, expect, test } from "vitest";
import { loadRegistry, type Registry } from "../../plan/plugins/registry.ts";
import { exampleManifest } from "../../store/fixtures/run.ts";
import { factsOf, type RunFacts } from "../../store/schema/runFacts.ts";
import type { SoundRun } from "../storedRuns.ts";
import { runtimeRuns } from "./runtimes.ts";

let registry: Registry;
beforeAll(async () => {
  registry = await loadRegistry();
});

const base = factsOf(exampleManifest());

function runOf(provider: string, changed: Partial<RunFacts> = {}): SoundRun {
  const facts: RunFacts = { ...base, variant: { id: "sam-nano" }, runtime: { provider }, ...changed };
  return { folder: provider, facts };
}

const chosen = (runs: readonly SoundRun[], model = "sam-nano") => {
  const { first, others, missing } = runtimeRuns(runs, model, registry);
  return { first: first.folder, others: others.map(({ folder }) => folder), missing };
};

test("rows of the same weights by other providers stand beside the processor's", () => {
  const other = { variant: { id: "mobilesam-nano" } };
  const runs = [runOf("cpu"), runOf("web-wasm1"), runOf("webgpu"), runOf("web-wasm2", other)];
  expect(chosen(runs)).toEqual({ first: "cpu", others: ["web-wasm1", "webgpu"], missing: ["web-webgpu"] });
});

test("runs of other weights, data or protocols do not", () => {
  const runs = [
    runOf("cpu"),
    runOf("web-wasm1", { weights: { ...base.weights, sha256: "0".repeat(64) } }),
    runOf("web-wasm2", { dataset: { ...base.dataset, fingerprint: "other" } }),
    runOf("webgpu", { protocols: { "1p": "miou-random-points" } }),
  ];
  expect(chosen(runs)).toEqual({ first: "cpu", others: [], missing: ["web-wasm1", "web-webgpu"] });
});

test("a checkpoint with a name of its own has its own rows", () => {
  const named = { variant: { id: "sam-nano", name: "sam-nano:mine" } };
  const runs = [runOf("cpu"), runOf("webgpu"), { ...runOf("cpu", named), folder: "mine" }, runOf("web-wasm1", named)];
  expect(chosen(runs, "sam-nano:mine")).toMatchObject({ first: "mine", others: ["web-wasm1"] });
  expect(chosen(runs)).toMatchObject({ first: "cpu", others: ["webgpu"] });
});

test("without a run on the processor the error says how to make one; a provider and an unknown model are refused", () => {
  expect(() => chosen([runOf("web-wasm1")])).toThrow("--runtimes sam-nano: no finished run of it on the processor");
  expect(() => chosen([runOf("cpu")], "sam-nano@web-wasm1")).toThrow(
    "--runtimes: finds the providers of a row by itself",
  );
  expect(() => chosen([], "sam-nono")).toThrow("unknown variant: sam-nono; did you mean sam-nano?");
});
