import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HarnessError } from "../errors.ts";
import { chartWarnings } from "../report/charts/drawing/vega.ts";
import { storeExample } from "../report/fixtures/runs.ts";
import { memoryConsole } from "./fixtures/bench.ts";
import { browserPath, openBrowser } from "./fixtures/browser.ts";
import { boxesOf, isInside, overlaps } from "./fixtures/pageBoxes.ts";
import { report } from "./report.ts";
import { run } from "./run.ts";

let results: string;
let out: string;
beforeAll(async () => {
  results = mkdtempSync(join(tmpdir(), "report-"));
  out = join(results, "out");
  const quick = { variants: "sam-nano,mobilesam-nano", limit: 3, rounds: 2, warmup: 0, threads: 1, prompts: "box,1p" };
  expect(await run.run({ ...quick, weights: "auto", seed: 0, results }, memoryConsole())).toBe(0);
  expect(await reporting({})).toContain("2 runs, 9 charts");
}, 120_000);
afterAll(() => rmSync(results, { recursive: true, force: true }));

/**
 * Expression for the browser that tells whether all charts are drawn; charts of closed parts have no width and are not
 * drawn.
 */
const allDrawn =
  "[...document.querySelectorAll('.chart')].every((chart) => chart.clientWidth === 0 || chart.matches('[data-drawn]'))";

/** On a busy machine a page takes a while to draw its charts anew. */
const patient = { timeout: 30_000 };

async function reporting(args: Readonly<Record<string, unknown>>): Promise<string> {
  const console = memoryConsole();
  const code = await report.run({ results, out, gallery: 12, photos: true, seed: 0, ...args }, console);
  expect(code).toBe(0);
  return console.said.out + console.said.notes;
}

test("of more than fifty runs the newest are in the page, unless ids or --all say otherwise", async () => {
  const many = mkdtempSync(join(tmpdir(), "report-many-"));
  const example = { ious: { box: [0.5] }, images: 2, spread: 0.1 };
  for (let i = 0; i < 52; i++) {
    const createdAt = new Date(Date.UTC(2024, 0, 1, 0, i)).toISOString();
    await storeExample(many, { variant: `variant-${i}`, manifest: { createdAt }, ...example });
  }
  const request = { results: many, out: join(many, "out"), gallery: 0 };
  const said = await reporting(request);
  expect(said).toContain("the 50 newest of 52 runs; name others by their ids, or give --all");
  expect(said).toContain(" 50 runs, ");
  const page = readFileSync(join(many, "out", "index.html"), "utf8");
  expect(page).toContain(">variant-2<");
  expect(page).not.toContain(">variant-1<");
  expect(await reporting({ ...request, all: true })).toContain(" 52 runs, ");
  rmSync(many, { recursive: true });
});

test("the page, and every chart and table as Vega-Lite, SVG and PNG", async () => {
  const files = readdirSync(out).sort();
  const ids = files.filter((file) => file.endsWith(".vl.json")).map((file) => file.slice(0, -".vl.json".length));
  expect(ids).toHaveLength(10);
  expect(files).toEqual([...ids.flatMap((id) => [`${id}.png`, `${id}.svg`, `${id}.vl.json`]), "index.html"].sort());
  for (const id of ids) {
    expect([id, await chartWarnings(JSON.parse(readFileSync(join(out, `${id}.vl.json`), "utf8")))]).toEqual([id, []]);
    expect(
      readFileSync(join(out, `${id}.png`))
        .subarray(1, 4)
        .toString(),
    ).toBe("PNG");
  }
});

test("photos are embedded, and left out with --no-photos; outlines of masks and ground truth stay", async () => {
  const page = readFileSync(join(out, "index.html"), "utf8");
  // One photo for each of the three images, however many drawings show it.
  expect(page.split("data:image/webp;base64,")).toHaveLength(4);
  const elsewhere = join(results, "bare");
  await reporting({ out: elsewhere, photos: false });
  const bare = readFileSync(join(elsewhere, "index.html"), "utf8");
  expect(bare).not.toContain("data:image");
  // Twelve targets under two prompts.
  expect(bare.split('<path class="truth"')).toHaveLength(25);
});

test("a gallery that is no number, and a run that is not there, are the user's mistakes", async () => {
  await expect(reporting({ gallery: -1 })).rejects.toThrow("--gallery: must be a whole number");
  await expect(reporting({ run: ["sam-mano"] })).rejects.toThrow(HarnessError);
});

// Where no browser is installed these are skipped, and say so; CHROMIUM names one that is not on the path.
describe.skipIf(browserPath === undefined)("in Chromium", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  async function opened(options: Parameters<Browser["newPage"]>[0]) {
    const page = await browser.newPage(options);
    const said: string[] = [];
    page.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => said.push(error.message));
    page.on("request", (request) => {
      if (!/^(file|data|blob):/.test(request.url())) said.push(`asked for ${request.url()}`);
    });
    await page.goto(pathToFileURL(join(out, "index.html")).href);
    await page.waitForFunction(allDrawn);
    return { page, said };
  }

  const namesIn = (page: Page) => page.locator("table.sortable tbody th").allTextContents();

  test.each([
    [1280, "light"],
    [390, "dark"],
  ] as const)(
    "%i px, %s: every chart has marks, nothing is wider than the screen, no error, no request (needs Chromium)",
    async (width, colorScheme) => {
      const { page, said } = await opened({ viewport: { width, height: 900 }, colorScheme });
      const marks = await page
        .locator("figure .chart")
        .evaluateAll((charts) =>
          charts.map(
            (chart) => [...chart.querySelectorAll("svg path")].filter((path) => path.getAttribute("d")).length,
          ),
        );
      expect(marks).toHaveLength(9);
      expect(Math.min(...marks)).toBeGreaterThan(5);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
      expect(await page.evaluate("document.documentElement.dataset.theme")).toBe(colorScheme);
      expect(said).toEqual([]);
      await page.close();
    },
  );

  test("1280 px: variant, weights, accuracy, total, memory and speed-up are in view without scrolling (needs Chromium)", async () => {
    const { page } = await opened({ viewport: { width: 1280, height: 900 } });
    const headings = page.locator("table.sortable thead th:visible");
    const names = await headings.allInnerTexts();
    expect(names.map((name) => name.split("\n")[0])).toEqual([
      ...["variant", "weights", "mIoU", "mIoU", "total", "memory", "speed-up"],
    ]);
    for (const box of await boxesOf(headings)) {
      expect(box.x0).toBeGreaterThanOrEqual(0);
      expect(box.x1).toBeLessThanOrEqual(1280);
    }
    await page.getByRole("button", { name: /further columns/ }).click();
    expect(await headings.count()).toBeGreaterThan(9);
    expect(await page.locator("details.warned[open]").count()).toBe(0);
    await page.close();
  });

  test("390 px: each variant is a card that shows its first accuracy, and cards are sorted by a list (needs Chromium)", async () => {
    const { page } = await opened({ viewport: { width: 390, height: 900 } });
    const cards = await boxesOf(page.locator("table.sortable tbody tr"));
    const cells = page.locator("table.sortable tbody tr:first-child td:visible");
    expect(cards).toHaveLength(2);
    for (const box of [...cards, ...(await boxesOf(cells))]) {
      expect(box.x0).toBeGreaterThanOrEqual(0);
      expect(box.x1).toBeLessThanOrEqual(390);
    }
    expect(await cells.nth(1).getAttribute("data-label")).toBe("mIoU, box");
    // The figure of a card stands beside its name, not below the next card.
    expect((await boxesOf(cells.nth(1)))[0]!.y1).toBeLessThan(cards[1]!.y0);
    await page.getByLabel("sort by").selectOption({ label: "variant" });
    expect(await namesIn(page)).toEqual(["mobilesam-nano", "sam-nano"]);
    await page.close();
  });

  test.each([1280, 390])(
    "%i px: no label of a chart leaves its drawing or lies over another, and names stay in their plot (needs Chromium)",
    async (width) => {
      const { page } = await opened({ viewport: { width, height: 900 } });
      const charts = page.locator("figure .chart");
      for (let i = 0; i < (await charts.count()); i++) {
        const id = await charts.nth(i).getAttribute("data-chart");
        const [drawing] = await boxesOf(charts.nth(i).locator("svg"));
        const texts = charts.nth(i).locator("svg text:visible");
        const boxes = await boxesOf(texts);
        const written = await texts.allTextContents();
        for (const [n, box] of boxes.entries()) {
          expect([id, written[n], isInside(box, drawing!)]).toEqual([id, written[n], true]);
          // A name and its halo are two texts of one place.
          const others = boxes.flatMap((other, m) => (m > n && written[m] !== written[n] ? [{ other, m }] : []));
          for (const { other, m } of others)
            expect([id, written[n], written[m], overlaps(box, other)]).toEqual([id, written[n], written[m], false]);
        }
        const [plot] = await boxesOf(charts.nth(i).locator("svg .role-frame > g > path.background"));
        for (const box of await boxesOf(charts.nth(i).locator("svg .role-mark text")))
          expect([id, isInside(box, plot!)]).toEqual([id, true]);
      }
      await page.close();
    },
  );

  test("on paper a dark page is light, with its warnings in full and without controls (needs Chromium)", async () => {
    const { page, said } = await opened({ viewport: { width: 1280, height: 900 }, colorScheme: "dark" });
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
    await expect
      .poll(() => page.locator("figure .chart svg text").first().getAttribute("fill"), patient)
      .toBe("#57606a");
    expect(await page.locator("details.warned:not([open]), details.meaning:not([open])").count()).toBe(0);
    expect(await page.locator("nav, .controls, .table-controls, #theme").filter({ visible: true }).count()).toBe(0);
    await page.evaluate("dispatchEvent(new Event('afterprint'))");
    await expect
      .poll(() => page.locator("figure .chart svg text").first().getAttribute("fill"), patient)
      .toBe("#9da7b3");
    expect(await page.locator("details.meaning[open]").count()).toBe(0);
    expect(said).toEqual([]);
    await page.close();
  });

  test("a heading sorts the table, by mouse and by keyboard, and the Vega-Lite table with it (needs Chromium)", async () => {
    const { page, said } = await opened({});
    expect(await namesIn(page)).toEqual(["sam-nano", "mobilesam-nano"]);
    await page.locator(".vega-table summary").click();
    const chart = page.locator(".vega-table .chart");
    const order = async () => {
      const boxes = await Promise.all(
        ["sam-nano", "mobilesam-nano"].map((name) => chart.getByText(name, { exact: true }).first().boundingBox()),
      );
      return boxes[0]!.y < boxes[1]!.y ? "sam first" : "mobilesam first";
    };
    expect(await order()).toBe("sam first");
    await page.getByRole("button", { name: "variant" }).click();
    expect(await namesIn(page)).toEqual(["mobilesam-nano", "sam-nano"]);
    expect(await order()).toBe("mobilesam first");
    await page.keyboard.press("Enter");
    expect(await namesIn(page)).toEqual(["sam-nano", "mobilesam-nano"]);
    expect(await page.locator("th[aria-sort=descending]").count()).toBe(1);
    expect(said).toEqual([]);
    await page.close();
  });

  test("masks go off and on, kinds are chosen, one target is enlarged and left by the keyboard (needs Chromium)", async () => {
    const { page, said } = await opened({});
    const outlines = page.locator(".gallery path.variant-0");
    expect(await outlines.first().isVisible()).toBe(true);
    await page.getByLabel("sam", { exact: true }).uncheck();
    expect(await outlines.first().isVisible()).toBe(false);
    expect(await page.locator(".gallery path.truth").first().isVisible()).toBe(true);
    await page.getByLabel("sam", { exact: true }).check();
    expect(await outlines.first().isVisible()).toBe(true);
    await page.locator("[data-filter=kind]").selectOption("best");
    expect(await page.locator(".card:visible").count()).toBe(3);
    expect(await page.locator(".count").textContent()).toBe("3 of 12 shown");
    await page.locator(".card:visible .open").first().click();
    const shown = page.locator("dialog .about");
    const first = await shown.textContent();
    await page.keyboard.press("ArrowRight");
    expect(await shown.textContent()).not.toBe(first);
    await page.keyboard.press("Escape");
    expect(await page.locator("dialog").isVisible()).toBe(false);
    expect(said).toEqual([]);
    await page.close();
  });

  test("the theme is the reader's to choose, and charts follow (needs Chromium)", async () => {
    const { page, said } = await opened({ colorScheme: "light" });
    const colour = () => page.locator(".chart svg text").first().getAttribute("fill");
    expect(await colour()).toBe("#1b1f24");
    await page.locator("#theme").click();
    await expect.poll(colour).toBe("#e6edf3");
    expect(said).toEqual([]);
    await page.close();
  });
});
