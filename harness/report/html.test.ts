import { expect, test } from "vitest";
import { exampleDetails } from "./fixtures/detailed.ts";
import type { DetailedRun } from "./html/details.ts";
import type { GalleryItem } from "./html/gallery.ts";
import { commandLine } from "./html/machine.ts";
import { reportPage } from "./html.ts";

const hostile = `</script><img src=x onerror=alert(1)>"'&`;
const [run, other] = (await exampleDetails()) as readonly [DetailedRun, DetailedRun];
const createdAt = "2024-05-01T12:00:00.000Z";

const item: GalleryItem = {
  kind: "worst",
  image: 1,
  target: 2,
  category: 3,
  areaPx: 900,
  categoryName: "a cat",
  size: { height: 40, width: 60 },
  truth: [[1, 1, 9, 1, 9, 9]],
  photo: "data:image/webp;base64,AAAA",
  views: ["box", "1p"].map((prompts) => ({
    prompts,
    prompt: { points: [{ x: 3, y: 4, label: 0 }], box: { x0: 1, y0: 2, x1: 8, y1: 9 } },
    predictions: [{ label: run.label, series: 0, outlines: [[2, 2, 8, 2, 8, 8]], iou: 0.5, predictedIou: 0.75 }],
  })),
};

const pageOf = (runs: readonly DetailedRun[], gallery: readonly GalleryItem[] = [], summary: readonly string[] = []) =>
  reportPage({ createdAt, groups: [{ runs, gallery, summary }] });

/** The page without its programs and data, which are told by their own tests. */
const markupOf = (page: string) => page.replaceAll(/<(script|style)\b[^>]*>.*?<\/\1>/gs, "");

test("everything that comes from data is escaped", () => {
  const { report, manifest } = run;
  const bad: DetailedRun = {
    ...run,
    label: hostile,
    report: { ...report, variant: hostile, notes: [hostile], warnings: [{ about: "latency", text: hostile }] },
    manifest: {
      ...manifest,
      variant: { ...manifest.variant, notes: [hostile] },
      weights: { ...manifest.weights, label: hostile },
      plan: { ...manifest.plan, asPassed: ["run", hostile] },
      environment: { ...manifest.environment, cpu: { ...manifest.environment.cpu, model: hostile } },
    },
  };
  const views = item.views.map((view) => ({ ...view, prompts: hostile }));
  const { page } = pageOf([bad], [{ ...item, categoryName: hostile, views, photo: hostile }]);
  expect(page.split("&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;").length).toBeGreaterThan(15);
  expect(page).not.toContain("<img src=x");
  // Two libraries, the page's own program, three kinds of data.
  expect(page.match(/<\/script>/g)).toHaveLength(6);
});

test("prompts and datasets of a results folder name no file outside the report's", () => {
  const away = "../../away";
  const { report, manifest, reliability } = run;
  const { box } = report.prompts as Required<typeof report.prompts>;
  const bad: DetailedRun = {
    ...run,
    report: { ...report, dataset: away, prompts: { [away]: box! } },
    manifest: { ...manifest, protocols: { [away]: box!.protocol } },
    reliability: { [away]: reliability.box! },
  };
  const { charts, grids } = pageOf([bad]);
  expect(charts.map(({ id }) => id)).toContain("accuracy-latency-..-..-away");
  for (const { id } of [...charts, ...grids]) expect(id).toMatch(/^[\w@.-]+$/);
});

test("no address of a network in the page, and a policy that forbids all", () => {
  const markup = markupOf(pageOf([run, other], [item]).page);
  expect(
    [...markup.matchAll(/(?:src|href|srcset|action)="([^"]*)"/g)].map((match) => match[1]!.replace(/^#.*/, "#")),
  ).toEqual(expect.arrayContaining(["#", "data:image/webp;base64,AAAA"]));
  expect(markup).not.toMatch(/(?:src|href)="(?!#|data:)/);
  expect(markup).toContain("default-src &#39;none&#39;");
});

test("a target is linked to the page of bench serve on this machine, and the command that starts it is said", () => {
  const clickPage = { address: "http://127.0.0.1:8026/", command: "bench serve sam-vit-b --dataset shapes" };
  const { page } = reportPage({ createdAt, groups: [{ runs: [run], gallery: [item], clickPage }] });
  const markup = markupOf(page);
  const links = [...markup.matchAll(/(?:src|href)="(?!#|data:)([^"]*)"/g)].map((match) => match[1]);
  expect(links).toEqual(["http://127.0.0.1:8026/#photo=1&amp;target=2"]);
  expect(markup).toContain('title="in the page that bench serve sam-vit-b --dataset shapes starts"');
  expect(markup).toContain("<code>bench serve sam-vit-b --dataset shapes</code>");
});

test("the page has the table, all charts, their words, warnings, masks, machine, and the command again", () => {
  const { page, charts, grids } = pageOf([run, other], [item]);
  const markup = markupOf(page);
  expect(charts).toHaveLength(9);
  for (const { id, alt } of charts) {
    expect(markup).toContain(`data-chart="${id}"`);
    expect(markup).toContain(alt.replaceAll("'", "&#39;"));
  }
  expect(grids.map(({ id }) => id)).toEqual(["results-shapes"]);
  expect(markup).toMatch(/<th scope="row" data-value="sam-vit-b">sam-vit-b<span class="efficient"/);
  expect(markup).toContain('<path class="truth" d="M1 1L9 1L9 9Z"/>');
  expect(markup).toContain('<circle class="background" cx="3.5" cy="4.5"');
  expect(markup).toContain("a cpu, 2 cores");
  expect(markup).toContain("bench run --variants sam-nano");
});

test("the page says how many rounds a run has, where a time limit left some out", () => {
  const { manifest } = run;
  const plan = { ...manifest.plan, resolved: { ...manifest.plan.resolved, latency: { rounds: 20, warmup: 3 } } };
  const pageWith = (rounds?: number) => markupOf(pageOf([{ ...run, manifest: { ...manifest, plan, rounds } }]).page);
  expect(pageWith()).toContain("20 rounds after 3 to warm up");
  expect(pageWith(20)).toContain("20 rounds after 3 to warm up");
  expect(pageWith(4)).toContain("4 of 20 rounds, for --max-minutes");
});

test("a warning stands once, closed, and its number beside each figure and chart that it touches", () => {
  const markup = markupOf(pageOf([run, other]).page);
  expect(markup.split("sam-vit-b encode: two speeds.")).toHaveLength(2);
  expect(markup).toMatch(/<details class="warned"><summary>⚠ 1 warning/);
  const number = '<sup class="numbers"><a href="#warning-1" aria-label="warning 1">1</a>';
  // Two figures of the row: total and encode. Three charts: both prompts, and encode.
  const touched = [...markup.matchAll(/<tr data-row="(\d)">(.*?)<\/tr>/gs)].map(([, row, cells]) => [
    row,
    cells!.split(number).length - 1,
  ]);
  expect(touched).toEqual([
    ["0", 2],
    ["1", 0],
  ]);
  expect(markup.split(`<span class="warned-by">⚠${number}`)).toHaveLength(4);
});

test("accuracy, total, memory and speed-up come first, the other columns behind a button", () => {
  const markup = markupOf(pageOf([run, other]).page);
  const headings = [...markup.matchAll(/<th scope="col" class="\w+ (first|further)".*?title="sort by ([^"]*)"/g)];
  expect(headings.filter(([, shown]) => shown === "first").map(([, , name]) => name)).toEqual([
    ...["variant", "weights", "mIoU, box", "mIoU, 1 point"],
    ...["total, ms", "memory, MB", "speed-up, ×"],
  ]);
  const further = headings.filter(([, shown]) => shown === "further").length;
  expect(further).toBeGreaterThan(3);
  expect(markup).toContain(`aria-pressed="false">${further} further columns</button>`);
});

test("the charts of several prompts share one legend and one caption", () => {
  const { page, charts } = pageOf([run, other]);
  const [, section] = markupOf(page).split("<h3>Accuracy against latency</h3>");
  const own = section!.slice(0, section!.indexOf("</section>"));
  expect(own.match(/<ul class="legend"/g)).toHaveLength(1);
  expect(own.match(/<svg class="symbol"/g)).toHaveLength(2);
  expect(own.split(charts[0]!.caption)).toHaveLength(2);
  const drawn = /<script type="application\/json" id="charts">(.*?)<\/script>/s.exec(page)![1]!;
  const { "accuracy-latency-box": box } = JSON.parse(drawn) as Record<string, unknown>;
  expect(JSON.stringify(box)).not.toMatch(/"legend":\{/);
});

test("the summary stands above the table, each photo once, and each target under all its prompts", () => {
  const markup = markupOf(pageOf([run, other], [item, { ...item, target: 3 }], ["b is as fast as <a>."]).page);
  expect(markup).toMatch(/<p class="summary">b is as fast as &lt;a&gt;\.<\/p>/);
  expect(markup.split("data:image/webp;base64,AAAA")).toHaveLength(2);
  expect(markup.split('<use href="#photo-1"/>')).toHaveLength(5);
  const [, card] = markup.split('<article class="card"');
  expect(card!.match(/<div class="view">/g)).toHaveLength(2);
  expect(card).toContain('data-category="a cat" data-size="small"');
});

test("whose photos they are stands under the masks and with what the figures mean", () => {
  const credit = "photos: 3 of COCO val2017, CC BY 2.0";
  const credited = { ...run, report: { ...run.report, credits: [credit] } };
  expect(markupOf(pageOf([credited, credited], [item]).page).split(credit)).toHaveLength(3);
  expect(pageOf([run], [item]).page).not.toContain("credits");
});

test("a licence that restricts the use of weights stands below the table, where no click is needed to see it", () => {
  const weightsLicence = {
    name: "S-Lab License 1.0",
    summary: "non-commercial use only",
    url: "https://example.org/L",
  };
  const restricted = { ...run, report: { ...run.report, weightsLicence } };
  expect(pageOf([restricted], [item]).page).toContain('<p class="muted licence">licence: the weights');
  expect(pageOf([run], [item]).page).not.toContain("muted licence");
});

test("every id is there once, and every link of the page leads to one", () => {
  const { page } = reportPage({
    createdAt,
    groups: [
      { runs: [run], gallery: [item] },
      { runs: [other], gallery: [item] },
    ],
  });
  const ids = [...page.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]!);
  expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
  for (const [, target] of markupOf(page).matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
});

test("a command is written as a shell takes it", () => {
  expect(commandLine(["run", "--data", "my photos", "it's"])).toBe("bench run --data 'my photos' 'it'\\''s'");
});
