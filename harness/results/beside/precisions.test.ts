import { beforeAll, expect, test } from "vitest";
import { loadRegistry, type Registry } from "../../plan/plugins/registry.ts";
import { exampleManifest } from "../../store/fixtures/run.ts";
import { factsOf, type RunFacts } from "../../store/schema/runFacts.ts";
import type { SoundRun } from "../storedRuns.ts";
import { precisionRuns } from "./precisions.ts";

let registry: Registry;
beforeAll(async () => {
  registry = await loadRegistry();
});

const base = factsOf(exampleManifest());

function runOf(id: string, changed: Partial<RunFacts> = {}, name?: string): SoundRun {
  const facts: RunFacts = { ...base, id, createdAt: "2024-05-01T12:00:00.000Z", variant: { id, name }, ...changed };
  return { folder: id, facts };
}

const chosen = (runs: readonly SoundRun[], model = "sam-nano") => {
  const { first: float, others, missing } = precisionRuns(runs, model, registry);
  return { float: float.folder, others: others.map(({ folder }) => folder), missing };
};

test("methods that change numbers alone are the model's precisions, with any setting, and others are not", () => {
  const runs = [
    "sam-nano",
    "ptq4sam/sam-nano/w6a6",
    "sparsevit/sam-nano",
    "sam-fast/sam-nano",
    "sam-fast/mobilesam-nano",
  ];
  const { float, others, missing } = chosen(runs.map((id) => runOf(id)));
  expect(float).toBe("sam-nano");
  expect(others).toEqual(["ptq4sam/sam-nano/w6a6", "sam-fast/sam-nano"]);
  expect(missing).toEqual(expect.arrayContaining(["ptq4sam/sam-nano/w8a8", "sam-fast/sam-nano/per-token"]));
  expect(missing).not.toContain("sam-fast/sam-nano");
});

test("runs of other weights, data or protocols do not stand beside the float run", () => {
  const { others } = chosen([
    runOf("sam-nano"),
    runOf("sam-fast/sam-nano", { weights: { ...base.weights, sha256: "0".repeat(64) } }),
    runOf("sam-fast/sam-nano/per-token", { dataset: { ...base.dataset, fingerprint: "other" } }),
    runOf("ptq4sam/sam-nano/w8a8", { protocols: { "1p": "miou-random-points" } }),
  ]);
  expect(others).toEqual([]);
});

test("a checkpoint with a name of its own is compared with its own float run", () => {
  const runs = [
    runOf("sam-nano"),
    runOf("sam-fast/sam-nano"),
    { ...runOf("sam-nano", {}, "sam-nano:mine"), folder: "mine" },
    { ...runOf("sam-fast/sam-nano", {}, "sam-fast/sam-nano:mine"), folder: "mine int8" },
  ];
  const { float, others, missing } = chosen(runs, "sam-nano:mine");
  expect([float, others]).toEqual(["mine", ["mine int8"]]);
  expect(missing).toContain("sam-fast/sam-nano:mine/per-token");
  expect(chosen(runs)).toMatchObject({ float: "sam-nano", others: ["sam-fast/sam-nano"] });
});

test("rows of another provider are compared with the float row on that provider", () => {
  const onWebgpu = (id: string) => ({ ...runOf(id, { runtime: { provider: "webgpu" } }), folder: `${id} on webgpu` });
  const runs = [runOf("sam-nano"), onWebgpu("sam-nano"), onWebgpu("sam-fast/sam-nano")];
  expect(chosen(runs, "sam-nano@webgpu")).toMatchObject({
    float: "sam-nano on webgpu",
    others: ["sam-fast/sam-nano on webgpu"],
  });
  expect(chosen(runs).others).toEqual([]);
});

test("of several float runs the newest is meant", () => {
  const newer = runOf("sam-nano", {
    createdAt: "2024-06-01T12:00:00.000Z",
    dataset: { ...base.dataset, fingerprint: "newer" },
  });
  expect(chosen([{ ...newer, folder: "newer" }, runOf("sam-nano")]).float).toBe("newer");
});

test("without a float run the error says how to make one, and a model that is unknown is named", () => {
  expect(() => chosen([runOf("sam-fast/sam-nano")])).toThrow(
    "--precisions sam-nano: no finished run of it in float (expected one that the other precisions are compared with)",
  );
  expect(() => chosen([], "sam-nono")).toThrow("unknown variant: sam-nono; did you mean sam-nano?");
});
