import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { resolvePlan } from "../plan/plan.ts";
import { shared } from "../shared.ts";
import { runPlan } from "./runner.ts";

interface ExpectedRow {
  readonly annotation: number;
  readonly prompt: "box" | "point";
  readonly token: number;
  readonly iou: number;
}

/** Tolerances against PyTorch's float32 on the same photos: pixels on a mask's rim may fall to the other side. */
const tolerances = { mean: 0.001, row: 0.01, share: 0.99 };

test.skipIf(shared === undefined)(
  "sam-nano on 98 photos has the masks of PyTorch: mean IoU, IoU by annotation, token",
  async () => {
    const results = mkdtempSync(join(tmpdir(), "sam-bench-nano-"));
    try {
      const flags = { variants: "sam-nano", dataset: "coco", data: join(shared!, "realset"), prompts: "box,1dt" };
      const plan = await resolvePlan({ ...flags, rounds: 1, warmup: 0 });
      const observer = {
        note: () => undefined,
        calibration: () => undefined,
        overlap: () => undefined,
        images: () => undefined,
        rounds: () => undefined,
        starts: () => undefined,
        energy: () => undefined,
      };
      const { runs } = await runPlan({ plan, results, asPassed: [], observer, signal: new AbortController().signal });
      const ours = new Map<string, { token: number; iou: number }>();
      for await (const row of runs[0]!.rows())
        if (row.kind === "prediction") ours.set(`${row.target} ${row.prompts}`, { token: row.token, iou: row.iou! });

      const { rows } = JSON.parse(readFileSync(join(shared!, "nano", "expected.json"), "utf8")) as {
        rows: ExpectedRow[];
      };
      for (const [prompt, name] of [
        ["box", "box"],
        ["point", "1dt"],
      ] as const) {
        const pairs = rows
          .filter((row) => row.prompt === prompt)
          .map((row) => ({ expected: row, found: ours.get(`${row.annotation} ${name}`)! }));
        expect(pairs).toHaveLength(812);
        const meanOf = (pick: (pair: (typeof pairs)[number]) => number) =>
          pairs.reduce((sum, pair) => sum + pick(pair), 0) / pairs.length;
        expect(Math.abs(meanOf(({ found }) => found.iou) - meanOf(({ expected }) => expected.iou))).toBeLessThan(
          tolerances.mean,
        );
        const near = meanOf(({ found, expected }) => Number(Math.abs(found.iou - expected.iou) < tolerances.row));
        expect(near).toBeGreaterThan(tolerances.share);
        expect(meanOf(({ found, expected }) => Number(found.token === expected.token))).toBeGreaterThan(
          tolerances.share,
        );
      }
    } finally {
      rmSync(results, { recursive: true, force: true });
    }
  },
  300_000,
);
