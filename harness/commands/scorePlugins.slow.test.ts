import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { bench, memoryConsole } from "./fixtures/bench.ts";
import { score } from "./score.ts";
import { table } from "./table.ts";
import type { Arguments, Command } from "./terminal/command.ts";

const folder = mkdtempSync(join(tmpdir(), "sam-bench-score-plugins-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function ran(command: Command, args: Arguments) {
  const console = memoryConsole();
  const code = await command.run(args, console);
  return { code, ...console.said };
}

/** Boxes that are half as large, from outside; its own metric needs the annotations. */
const protocol = `
import { plainIou } from "sam-bench/mask";
import { cocoSizes, miou } from "sam-bench/metrics";
import type { Protocol } from "sam-bench/api";
import found from "./found.mts";

const halfBox = {
  id: "half-box",
  size: () => ({ points: 0, box: true }),
  *prompts({ box: { x0, y0, x1, y1 } }) {
    yield { frame: "image", points: [], box: { x0, y0, x1: (x0 + x1) / 2, y1 } };
  },
} satisfies Protocol["passes"][0]["sampler"];

export default {
  module: import.meta.url, id: "half-boxes", title: "left halves", about: "the left half of each annotation's box",
  source: "this test", confidence: "repo", needs: ["box-prompt"], prompted: "annotations", metrics: [miou, found],
  passes: [{ sampler: halfBox, scored: [{ step: 1, prompts: "half" }], looksAt: "most confident", choose: () => [{ token: 0 }] }],
  sizes: cocoSizes, notes: [], includes: () => true, iou: plainIou,
} satisfies Protocol;
`;

/** Annotated targets for each row, times a factor. */
const found = (factor: number) => `
import type { Metric } from "sam-bench/api";
export default {
  module: import.meta.url, id: "found", title: "targets found", about: "rows for each annotation",
  headline: "found", better: "higher", unit: "fraction", needs: "annotations", reads: ["iou"],
  columns: [{ id: "found", title: "found" }],
  fit: (rows, { images, dataset }) => () => {
    const n = dataset === undefined ? 0 : images.flatMap((image) => dataset.annotationsOf(image)).length;
    return [n === 0 ? { id: "found", n } : { id: "found", n, value: ${factor} * rows.length / n }];
  },
} satisfies Metric;
`;

test("a protocol from outside runs end to end; its edited metric is scored again, and no id changes", async () => {
  const mine = join(folder, "mine.mts");
  const own = join(folder, "own");
  writeFileSync(mine, protocol);
  writeFileSync(join(folder, "found.mts"), found(1));
  const plugin = ["--plugin", mine, "--results", own, "--json"];
  const what = ["--protocol", "half-boxes", "--variants", "sam-nano", "--dataset", "shapes", "--limit", "2"];
  const how = ["--phase", "accuracy", "--no-baseline"];
  const first = await bench(["run", ...plugin, ...what, ...how]);
  expect([first.code, first.notes]).toEqual([0, expect.any(String)]);
  const [run] = JSON.parse(first.out).runs;
  expect(run.prompts.half).toMatchObject({
    protocol: "half-boxes",
    miou: { n: run.prompts.half.found.n },
    found: { value: 1 },
  });

  const unknown = await ran(table, { results: own, all: true, notes: true });
  expect(unknown.out.replaceAll(/\s+/g, " ")).toContain(
    "prompts half: their protocol half-boxes is not known here, so they have no figures. Name the module that brings it with --plugin.",
  );
  expect(unknown.out).toContain("metric found: the run has figures of it, and it is not known here.");
  await expect(ran(score, { results: own, run: run.id })).rejects.toThrow(
    `${run.id}: its protocol half-boxes is not known here`,
  );

  writeFileSync(join(folder, "found.mts"), found(0.5));
  const edited = JSON.parse((await bench(["table", ...plugin])).out).runs[0];
  expect(edited.prompts.half).toEqual({ ...run.prompts.half, found: { ...run.prompts.half.found, value: 0.5 } });
  const again = await bench(["run", ...plugin, ...what, ...how]);
  expect(JSON.parse(again.out).runs[0].id).toBe(run.id);
  expect(again.notes).toContain("sam-nano: finished before, nothing to do");
}, 120_000);
