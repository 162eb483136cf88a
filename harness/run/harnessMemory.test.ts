import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { resolvePlan } from "../plan/plan.ts";
import { projectRoot } from "../plan/plugins/sources.ts";
import { runPlan } from "./runner.ts";

const heldBytes = 300e6;

test("what a data set holds in memory is in the harness's figure and in none of the model's", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sam-bench-memory-"));
  try {
    const { modelMemory, harnessMemory } = (await measured(folder)).manifest;
    const peaks = Object.values(modelMemory!);
    expect(harnessMemory!).toBeGreaterThan(heldBytes + Math.min(...peaks) / 2);
    expect(Math.max(...peaks)).toBeLessThan(heldBytes);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 300_000);

async function measured(folder: string) {
  const ignore = () => undefined;
  const flags = { variants: "sam-nano", prompts: "box", limit: 1, rounds: 1, warmup: 0, threads: 1 };
  const plan = await resolvePlan({ ...flags, dataset: "heavy", phase: "latency", plugin: [heavyDataset(folder)] });
  const { runs } = await runPlan({
    plan,
    results: join(folder, "results"),
    asPassed: [],
    observer: {
      note: ignore,
      images: ignore,
      rounds: ignore,
      starts: ignore,
      energy: ignore,
      calibration: ignore,
      overlap: ignore,
    },
    signal: new AbortController().signal,
  });
  return runs[0]!;
}

/** The drawn scenes, with a table beside them that takes memory. */
function heavyDataset(folder: string): string {
  const file = join(folder, "heavy.mts");
  const shapes = pathToFileURL(join(projectRoot, "datasets", "shapes", "dataset.ts")).href;
  writeFileSync(
    file,
    `import shapes from ${JSON.stringify(shapes)};
    export default {
      ...shapes,
      id: "heavy",
      async open(options) {
        globalThis.held = Buffer.alloc(${heldBytes}, 1);
        return { ...(await shapes.open(options)), id: "heavy" };
      },
    };\n`,
  );
  return file;
}
