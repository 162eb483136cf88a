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
  prompts: "box",
  categoryName: "a cat",
  size: { height: 40, width: 60 },
  truth: [[1, 1, 9, 1, 9, 9]],
  photo: "data:image/webp;base64,AAAA",
  prompt: { points: [{ x: 3, y: 4, label: 0 }], box: { x0: 1, y0: 2, x1: 8, y1: 9 } },
  predictions: [{ label: run.label, series: 0, outlines: [[2, 2, 8, 2, 8, 8]], iou: 0.5, predictedIou: 0.75 }],
};

const pageOf = (runs: readonly DetailedRun[], gallery: readonly GalleryItem[] = []) =>
  reportPage({ createdAt, groups: [{ runs, gallery }] });

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
  const { page } = pageOf([bad], [{ ...item, categoryName: hostile, prompts: hostile, photo: hostile }]);
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

test("the page has the table, all charts, their words, warnings, masks, machine, and the command again", () => {
  const { page, charts, grids } = pageOf([run, other], [item]);
  const markup = markupOf(page);
  expect(charts).toHaveLength(9);
  for (const { id, alt } of charts) {
    expect(markup).toContain(`data-chart="${id}"`);
    expect(markup).toContain(alt.replaceAll("'", "&#39;"));
  }
  expect(grids.map(({ id }) => id)).toEqual(["results-shapes"]);
  expect(markup).toMatch(/<th scope="row">sam-vit-b<\/th>/);
  // Under the table, on its figures of encode and of both together, and beside the three charts of encode and of both.
  expect(markup.split("sam-vit-b encode: two speeds.")).toHaveLength(7);
  expect(markup).toContain('<path class="truth" d="M1 1L9 1L9 9Z"/>');
  expect(markup).toContain('<circle class="background" cx="3.5" cy="4.5"');
  expect(markup).toContain("a cpu, 2 cores");
  expect(markup).toContain("bench run --variants sam-nano");
});

test("whose photos they are stands under the masks and with what the figures mean", () => {
  const credit = "photos: 3 of COCO val2017, CC BY 2.0";
  const credited = { ...run, report: { ...run.report, credits: [credit] } };
  expect(markupOf(pageOf([credited, credited], [item]).page).split(credit)).toHaveLength(3);
  expect(pageOf([run], [item]).page).not.toContain("credits");
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
