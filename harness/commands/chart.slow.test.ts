import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { storeQuickStart } from "../report/fixtures/quickStart.ts";
import { chart } from "./chart.ts";
import { memoryConsole } from "./fixtures/bench.ts";
import { browserPath, openBrowser } from "./fixtures/browser.ts";
import { boxesOf, isInside, overlaps, type PageBox } from "./fixtures/pageBoxes.ts";
import { report } from "./report.ts";

let results: string;
beforeAll(async () => {
  results = mkdtempSync(join(tmpdir(), "chart-slow-"));
  await storeQuickStart(results);
});
afterAll(() => rmSync(results, { recursive: true, force: true }));

async function charting(args: Readonly<Record<string, unknown>>): Promise<string> {
  const console = memoryConsole();
  expect(await chart.run({ results, theme: "light", ...args }, console)).toBe(0);
  return console.said.out;
}

/** Share of a mark's width by which its box may reach into that of a name: letters fill no corners. */
const slack = 0.15;

function shrunk({ x0, y0, x1, y1 }: PageBox): PageBox {
  const [dx, dy] = [slack * (x1 - x0), slack * (y1 - y0)];
  return { x0: x0 + dx, y0: y0 + dy, x1: x1 - dx, y1: y1 - dy };
}

// Where no browser is installed these are skipped, and say so; CHROMIUM names one that is not on the path.
describe.skipIf(browserPath === undefined)("in Chromium", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  test("no label of a figure of the quick start leaves it, lies over another label, or over a mark (needs Chromium)", async () => {
    const ids = (await charting({}))
      .trim()
      .split("\n")
      .map((each) => each.split(" ")[0]!);
    expect(ids.length).toBeGreaterThan(8);
    const page = await browser.newPage();
    for (const id of ids) {
      const out = join(results, `${id}.svg`);
      await charting({ figure: id, out });
      await page.goto(pathToFileURL(out).href);
      const [drawing] = await boxesOf(page.locator("svg"));
      // Of an axis whose labels lie too close Vega hides every second one.
      const texts = page.locator('svg text:not([opacity="0"])');
      const boxes = await boxesOf(texts);
      const written = await texts.allTextContents();
      expect(boxes.length).toBeGreaterThan(5);
      for (const [n, box] of boxes.entries()) {
        expect([id, written[n], isInside(box, drawing!)]).toEqual([id, written[n], true]);
        // A name and its halo are two texts of one place.
        const over = boxes.flatMap((other, m) =>
          m > n && written[m] !== written[n] && overlaps(box, other) ? [written[m]] : [],
        );
        expect([id, written[n], over]).toEqual([id, written[n], []]);
      }
      if (!id.startsWith("accuracy-latency")) continue;
      const names = page.locator("svg .role-mark.mark-text text");
      const marks = (await boxesOf(page.locator("svg .role-mark.mark-symbol path"))).map(shrunk);
      expect(marks.length).toBeGreaterThan(10);
      const named = await names.allTextContents();
      for (const [n, box] of (await boxesOf(names)).entries())
        expect([id, named[n], marks.filter((mark) => overlaps(box, mark)).length]).toEqual([id, named[n], 0]);
    }
    await page.close();
  }, 120_000);

  test("390 px and paper: no label of the report leaves its chart, and no two names are cut to the same (needs Chromium)", async () => {
    const out = join(results, "report");
    const asked = { results, out, gallery: 0, photos: false, seed: 0 };
    expect(await report.run(asked, memoryConsole())).toBe(0);
    // Paper of A4 between its margins has about 700 px.
    for (const width of [390, 700]) {
      const page = await browser.newPage({ viewport: { width, height: 900 } });
      await page.goto(pathToFileURL(join(out, "index.html")).href);
      if (width === 700) await page.emulateMedia({ media: "print" });
      const charts = page.locator("figure .chart");
      // Charts are drawn anew when their places change.
      await page.waitForFunction(
        "[...document.querySelectorAll('figure .chart')].every((each) => each.dataset.drawn === String(Math.floor(each.clientWidth)))",
      );
      for (let i = 0; i < (await charts.count()); i++) {
        const id = await charts.nth(i).getAttribute("data-chart");
        const [drawing] = await boxesOf(charts.nth(i).locator("svg"));
        const texts = charts.nth(i).locator('svg text:not([opacity="0"])');
        const written = await texts.allTextContents();
        for (const [n, box] of (await boxesOf(texts)).entries())
          expect([width, id, written[n], isInside(box, drawing!)]).toEqual([width, id, written[n], true]);
        const labels = await charts.nth(i).locator("svg .role-axis-label text").allTextContents();
        const cut = labels.filter((label) => label.endsWith("…"));
        expect([width, id, cut.filter((label, n) => cut.indexOf(label) !== n)]).toEqual([width, id, []]);
      }
      await page.close();
    }
  }, 120_000);
});
