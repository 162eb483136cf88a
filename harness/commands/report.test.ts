import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { memoryConsole } from "./fixtures/bench.ts";
import { report } from "./report.ts";
import { run } from "./run.ts";

test("the report of one run is a page with photos and outlines, and each chart as Vega-Lite, SVG and PNG", async () => {
  const results = mkdtempSync(join(tmpdir(), "report-"));
  onTestFinished(() => rmSync(results, { recursive: true, force: true }));
  const plan = { variants: "sam-nano", dataset: "shapes", limit: 1, phase: "accuracy", prompts: "box", threads: 1 };
  expect(await run.run({ ...plan, weights: "auto", seed: 0, results }, memoryConsole())).toBe(0);

  const out = join(results, "out");
  expect(await report.run({ results, out, gallery: 2, photos: true, seed: 0 }, memoryConsole())).toBe(0);
  const page = readFileSync(join(out, "index.html"), "utf8");
  // Two targets of the one photo, which the page holds once.
  expect(page.split("data:image/webp;base64,")).toHaveLength(2);
  expect(page.split('<path class="truth"')).toHaveLength(3);
  expect(page.match(/href="http:\/\/127\.0\.0\.1:8026\/#photo=\d+&amp;target=\d+"/g)).toHaveLength(2);
  const files = readdirSync(out);
  const ids = files.filter((file) => file.endsWith(".vl.json")).map((file) => file.slice(0, -".vl.json".length));
  expect(ids).toContain("accuracy-size-box");
  expect(files.sort()).toEqual(
    [...ids.flatMap((id) => [`${id}.png`, `${id}.svg`, `${id}.vl.json`]), "index.html"].sort(),
  );
});
