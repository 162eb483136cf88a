import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PredictionRow } from "../../harness/api.ts";
import { seededFileOf } from "../../harness/build/weights/seededFile.ts";
import { areaOf, iou, parseCounts } from "../../harness/mask/index.ts";
import { loadRegistry, variantOf } from "../../harness/plan/plugins/registry.ts";
import { type PluginTrial, pluginTrial } from "../../harness/run/fixtures/pluginTrial.ts";
import type { StoredRun } from "../../harness/store/store.ts";

const python = process.env.SAM_BENCH_PYTHON ?? "python3";

/** True if the Python lacks a module; a clone is found on PYTHONPATH. */
function lacks(...modules: readonly string[]): boolean {
  return spawnSync(python, ["-c", `import ${modules.join(", ")}`], { stdio: "ignore" }).status !== 0;
}

let trial: PluginTrial;
beforeAll(() => {
  trial = pluginTrial();
});
afterAll(() => trial.remove());

const shared = { python, dataset: "photos", limit: 2, phase: "accuracy", threads: 2, seed: 3 } as const;

/** Kept masks in the order in which they were asked for. */
async function keptRows(run: StoredRun): Promise<readonly PredictionRow[]> {
  expect(run.manifest.status).toMatchObject({ state: "done", images: 2 });
  const rows: PredictionRow[] = [];
  for await (const row of run.rows()) if (row.kind === "prediction") rows.push(row);
  expect(rows.length).toBeGreaterThan(5);
  return rows;
}

const maskOf = ({ mask, target }: PredictionRow) => parseCounts(mask.counts, mask.size, `target ${target}`);

/** Pairs of the rows of two runs on the same prompts, native first. */
async function paired([native, authors]: readonly StoredRun[]) {
  const others = await keptRows(authors!);
  const rows = await keptRows(native!);
  expect(others.map(({ target, prompts }) => [target, prompts])).toEqual(
    rows.map(({ target, prompts }) => [target, prompts]),
  );
  return rows.map((row, i) => ({ row, other: others[i]! }));
}

/** Names a file of seeded weights for the rows of a preset that has no trained ones, so that their accuracy is measured too. */
async function seededFor(id: string, ids: readonly string[]): Promise<readonly string[]> {
  const variant = variantOf(await loadRegistry(), id);
  if (variant.preset.nanoWeights !== undefined) return [];
  const file = await seededFileOf(variant);
  return ids.map((row) => `${row}=${file}`);
}

const needs = (modules: string) => `needs ${modules}; SAM_BENCH_PYTHON names the Python that has them`;

describe.each([
  ["sam-nano", ["torch", "segment_anything"]],
  ["mobilesam-nano", ["torch", "mobile_sam"]],
  ["efficientsam-nano", ["torch", "efficient_sam"]],
  ["sam2.1-nano", ["torch", "sam2"]],
] as const)("torch/%s", (id, modules) => {
  const missing = lacks(...modules);

  test.skipIf(missing)(`chooses the tokens and finds the masks of ${id} (${needs(modules.join(", "))})`, async () => {
    const ids = [id, `torch/${id}`];
    const checkpoint = await seededFor(id, ids);
    const runs = await trial.run(undefined, { ...shared, variants: `${ids}`, prompts: "box,1p,3p", checkpoint });
    for (const { row, other } of await paired(runs)) {
      expect(other.token).toBe(row.token);
      expect(other.predictedIou).toBeCloseTo(row.predictedIou, 4);
      if (areaOf(maskOf(row)) > 0) expect(iou(maskOf(row), maskOf(other))).toBeGreaterThan(0.999);
    }
  });

  test.skipIf(missing)(`runs compiled and in bfloat16 (${needs(modules.join(", "))})`, async () => {
    const ids = [id, `torch/${id}/compile`, `torch/${id}/bf16`];
    const checkpoint = await seededFor(id, ids);
    const flags = { ...shared, variants: `${ids}`, prompts: "box", checkpoint };
    const [native, compiled, halved] = await trial.run(undefined, flags);
    const apart = async (run: StoredRun) =>
      Math.max(...(await paired([native!, run])).map(({ row, other }) => Math.abs(row.iou! - other.iou!)));
    expect(await apart(compiled!)).toBeLessThan(1e-3);
    const bf16 = await apart(halved!);
    expect(bf16).toBeGreaterThan(0);
    expect(bf16).toBeLessThan(0.5);
  });
});
