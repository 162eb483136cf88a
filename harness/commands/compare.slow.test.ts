import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listRuns } from "../store/manifest.ts";
import { memoryConsole } from "./fixtures/bench.ts";
import { browserPath, openBrowser } from "./fixtures/browser.ts";
import { compareIn, storeMaskRuns } from "./fixtures/comparing.ts";
import { run } from "./run.ts";

let results: string;
beforeEach(() => {
  results = mkdtempSync(join(tmpdir(), "compare-"));
});
afterEach(() => rmSync(results, { recursive: true, force: true }));

const comparing = (a: string, b: readonly string[], args: Readonly<Record<string, unknown>> = {}) =>
  compareIn(results, a, b, args);

test("a checkpoint file is run on the plan of the run it is compared with, and latency is measured by turns", async () => {
  const quick = { variants: "sam-nano", results, limit: 2, rounds: 1, warmup: 0, threads: 1, seed: 3, prompts: "box" };
  expect(await run.run({ ...quick, weights: "auto" }, memoryConsole())).toBe(0);
  const file = join(results, "mine.safetensors");
  copyFileSync(fileURLToPath(new URL("../../variants/sam/sam-nano.safetensors", import.meta.url)), file);
  const { out } = await comparing("sam-nano", [file], { json: true, rounds: 3 });
  const [comparison] = JSON.parse(out).comparisons;
  expect(comparison.b).toMatchObject({ variant: "sam-nano:mine", weights: "mine.safetensors" });
  expect(comparison.images).toBe(2);
  // The same weights: the same masks.
  expect(comparison.figures[0]).toMatchObject({ figure: "miou.box", difference: { value: 0 } });
  expect(comparison.latency).toMatchObject({ measured: "interleaved", noiseFrom: "again" });
  expect(comparison.latency.stages.map(({ rounds }: { rounds: number }) => rounds)).toEqual([3, 3, 3, 3, 3]);
  expect(await listRuns(results)).toHaveLength(2);
});

test.skipIf(browserPath === undefined)(
  "the page of worst targets: no error, no request, no wider than the screen; layers and the whole photo (needs Chromium)",
  async () => {
    const [a, b] = (await storeMaskRuns(results, 8)) as [string, string];
    const out = join(results, "page");
    await comparing(a, [b], { out });
    const browser = await openBrowser();
    try {
      const page = await browser.newPage({ viewport: { width: 390, height: 900 }, colorScheme: "dark" });
      const said: string[] = [];
      page.on("console", (message) => said.push(message.text()));
      page.on("pageerror", (error) => said.push(error.message));
      page.on("request", (request) => {
        if (!request.url().startsWith("file:")) said.push(`asked for ${request.url()}`);
      });
      await page.goto(pathToFileURL(join(out, "index.html")).href);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
      expect(await page.locator(".card").count()).toBe(4);
      const differs = page.locator(".card path.differs").first();
      expect(await differs.isVisible()).toBe(true);
      await page.getByLabel("where they differ").click();
      expect(await differs.isVisible()).toBe(false);
      // The card shows a part of the photo, and pressed the whole.
      expect(await page.locator(".card svg").first().getAttribute("viewBox")).not.toBe("0 0 640 480");
      await page.locator(".card .open").first().click();
      expect(await page.locator("dialog svg").getAttribute("viewBox")).toBe("0 0 640 480");
      expect(said).toEqual([]);
    } finally {
      await browser.close();
    }
  },
);
