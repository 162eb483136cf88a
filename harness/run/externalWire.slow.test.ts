import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { StoredRun } from "../store/store.ts";
import { type PluginTrial, patience, pluginTrial } from "./fixtures/pluginTrial.ts";

const program = fileURLToPath(new URL("fixtures/nanoProgram.mjs", import.meta.url));

let trial: PluginTrial;
beforeAll(() => {
  trial = pluginTrial();
});
afterAll(() => trial.remove());

const textOf = (run: StoredRun | undefined) => readFileSync(join(run!.folder, "rows.jsonl"), "utf8");

test(
  "sam-nano's own graphs in another process leave the rows of sam-nano, byte for byte, by logits and by masks",
  async () => {
    const [native, logits, masks] = await trial.run(undefined, {
      variants: "sam-nano,wire-logits,wire-masks",
      external: [`wire-logits=node ${program} logits`, `wire-masks=node ${program} masks`],
      dataset: "shapes",
      limit: 2,
      prompts: "box,1p,3p,5c",
      phase: "accuracy",
      // As many as the program's own.
      threads: 2,
    });
    for (const run of [native, logits, masks]) expect(run!.manifest.status).toMatchObject({ state: "done", images: 2 });
    expect(textOf(native).length).toBeGreaterThan(1000);
    expect(textOf(logits)).toBe(textOf(native));
    expect(textOf(masks)).toBe(textOf(native));
    const { external, weights } = logits!.manifest;
    expect(external).toMatchObject({ command: "node nanoProgram.mjs logits", name: "the harness's own graphs" });
    expect(external!.files.map(({ name }) => name)).toEqual(["nanoProgram.mjs", "sam_bench_external.py"]);
    expect(external!.tokens).toEqual({ multimask: [1, 2, 3], single: [0] });
    expect(weights.source).toBe("external");
  },
  patience,
);

test(
  "logits that a program answered are fed back to it as to the native graphs, and a program of masks is refused",
  async () => {
    const boxes = join(trial.folder, "boxes.json");
    writeFileSync(boxes, JSON.stringify([{ image_id: 1, category_id: 1, bbox: [8, 8, 40, 40], score: 0.9 }]));
    const external = [`wire-logits=node ${program} logits`, `wire-masks=node ${program} masks`];
    const flags = { external, boxes, protocol: "ap-vitdet-refine", dataset: "shapes", limit: 1, threads: 2 } as const;
    const measured = { ...flags, phase: "accuracy" } as const;
    const [native, logits] = await trial.run(undefined, { ...measured, variants: "sam-nano,wire-logits" });
    expect(logits!.manifest.status).toMatchObject({ state: "done", images: 1 });
    expect(textOf(native)).toContain('"prompts":"det-refine"');
    expect(textOf(logits)).toBe(textOf(native));
    await expect(trial.run(undefined, { ...measured, variants: "wire-masks" })).rejects.toThrow(
      "wire-masks: can not be measured by protocol ap-vitdet-refine, it lacks what that needs (found no mask-input",
    );
  },
  patience,
);
