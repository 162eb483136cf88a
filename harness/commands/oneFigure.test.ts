import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { MetricContext, Rle, Size } from "../api.ts";
import { readAnnotations } from "../coco/index.ts";
import { encodeRle, formatCounts } from "../mask/index.ts";
import { metrics } from "../metrics/index.ts";
import { loadRegistry } from "../plan/plugins/registry.ts";
import { judgementOf, ownBook, protocols } from "../protocols/index.ts";
import { resultJson } from "../report/table/tables.ts";
import { agreementRules } from "../results/compare/agreement/rules.ts";
import { compareRuns } from "../results/compare/compare.ts";
import { readSide } from "../results/compare/readSide.ts";
import { reportOf } from "../results/report.ts";
import { scoreRun } from "../results/scores/scoreRun.ts";
import { scoresOf, scoresRecord } from "../results/scores/scores.ts";
import { integer, random } from "../stats/random.ts";
import { planId } from "../store/canonical.ts";
import { exampleManifest, examplePrediction } from "../store/fixtures/run.ts";
import type { Row } from "../store/schema/rowSchema.ts";
import { openRun, readRun, type StoredRun } from "../store/store.ts";

const size: Size = { height: 24, width: 24 };
const images = Array.from({ length: 8 }, (_, i) => i + 1);
const folder = mkdtempSync(join(tmpdir(), "one-figure-"));
const annotations = { coco: join(folder, "coco.json"), lvis: join(folder, "lvis.json") };
/** All protocols in one run, each under a prompts name of its own. */
const prompts = Object.fromEntries(protocols.map(({ id }, i) => [`p${i}`, id]));

type Format = keyof typeof annotations;
const stored = new Map<string, StoredRun>();
const truths = new Map<Format, NonNullable<MetricContext["dataset"]>>();

beforeAll(async () => {
  for (const format of ["coco", "lvis"] as const) {
    writeFileSync(annotations[format], JSON.stringify(annotationFile(format)));
    truths.set(format, await readAnnotations(annotations[format]));
    for (const side of ["a", "b"]) stored.set(`${format} ${side}`, await storeRun(format, side));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

for (const format of ["coco", "lvis"] as const)
  test(`${format}: table, JSON, score and compare say the same of every metric by every protocol, to the last digit`, async () => {
    const dataset = truths.get(format)!;
    const a = stored.get(`${format} a`)!;
    const b = stored.get(`${format} b`)!;
    const judged = Object.fromEntries(protocols.map((protocol) => [protocol.id, judgementOf(protocol)]));
    const agreement = agreementRules(ownBook, await loadRegistry());
    const options = { metrics, judged, agreement, seed: 0, draws: 4, dataset };
    const [compared] = compareRuns(await readSide(a), [await readSide(b)], options);
    const scored = { a: await scoreOf(a, format), b: await scoreOf(b, format) };
    const tables = { a: await reportOf(a), b: await reportOf(b) };
    const json = (JSON.parse(JSON.stringify(resultJson([tables.a, tables.b]))) as ReturnType<typeof resultJson>).runs;
    let figures = 0;
    for (const [name, protocol] of Object.entries(prompts)) {
      const own = compared!.figures.filter((each) => each.prompts === name);
      expect(
        own.filter(({ headline }) => headline).map(({ figure }) => figure),
        protocol,
      ).toEqual([`${judged[protocol]!.headline}.${name}`]);
      for (const side of ["a", "b"] as const) {
        const byScore = scored[side].prompts[name]!.figures;
        expect(Object.keys(byScore).length, protocol).toBe(own.length);
        for (const difference of own) {
          const found = byScore[idOf(difference.figure)]!;
          expect(valuesOf(difference[side]), `${protocol} ${difference.figure}`).toEqual(valuesOf(found));
          figures += 1;
        }
        for (const report of [tables[side], json[side === "a" ? 0 : 1]!]) {
          const { protocol: _, ...table } = report.prompts[name]!;
          expect(Object.keys(table)).toContain(judged[protocol]!.headline);
          for (const [id, score] of Object.entries(table)) expect(score, `${protocol} ${id}`).toEqual(byScore[id]);
        }
      }
    }
    expect(figures).toBeGreaterThan(20 * protocols.length);
  });

/** `miou.p0.small` is of the size; all other figures are `ID.p0`. */
function idOf(figure: string): string {
  return /^miou\.[^.]+\.(\w+)$/.exec(figure)?.[1] ?? figure.replace(/\.[^.]+$/, "");
}

function valuesOf({ value, low, high }: { readonly value?: number; readonly low?: number; readonly high?: number }) {
  return { value, low, high };
}

function scoreOf({ id }: StoredRun, format: Format) {
  return scoreRun({ run: id, results: folder, annotations: annotations[format] });
}

async function storeRun(format: Format, side: string): Promise<StoredRun> {
  const base = exampleManifest();
  const resolved = { format, side };
  const run = await openRun(folder, {
    ...base,
    id: planId("sam-nano", resolved),
    plan: { asPassed: [], resolved },
    dataset: { id: format, fingerprint: "f1", images: images.length, warnings: [] },
    protocols: prompts,
    // Two seeds: each side alone has the groups of images of its own run.
    seed: side === "a" ? 1 : 2,
  });
  for (const image of images) await run.append(image, rowsOf(image, side));
  const asked = Object.entries(prompts).map(([name, id]) => ({ prompts: name, protocol: { id } }));
  const dataset = truths.get(format)!;
  const scores = await scoresOf(run, { prompts: asked, dataset, seed: run.manifest.seed });
  const sealed = await run.sealed();
  await run.update({ ...scoresRecord(scores, sealed, "sources"), status: { state: "done", ...sealed } });
  await run.close();
  return readRun(folder, run.id);
}

/** Three objects an image, found with their sides moved by up to two pixels, and one thing that is not there. */
function rowsOf(image: number, side: string): Row[] {
  return Object.entries(prompts).flatMap(([name, protocol], p) =>
    [0, 1, 2, 3].map((i) => {
      const stream = random(5, side, name, image, i);
      const [x, y, edge] = placeOf(image, i % 3);
      const mask = square(x + integer(stream, 3), y + integer(stream, 3), edge + integer(stream, 3));
      return {
        ...examplePrediction(image, 3 * image + i, stream.next()),
        category: 1 + ((image + i) % 3),
        prompts: name,
        protocol,
        predictedIou: stream.next(),
        areaPx: edge * edge * (1 + 300 * (p % 2)),
        score: stream.next(),
        mask: { size, counts: formatCounts(mask) },
      };
    }),
  );
}

function placeOf(image: number, i: number): readonly [number, number, number] {
  return [1 + 7 * i, 1 + (image % 5), 4 + ((image + i) % 3)];
}

function square(x: number, y: number, edge: number): Rle {
  const bitmap = new Uint8Array(size.height * size.width);
  for (let row = y; row < Math.min(size.height, y + edge); row++)
    for (let column = x; column < Math.min(size.width, x + edge); column++) bitmap[row * size.width + column] = 1;
  return encodeRle(bitmap, size);
}

/** LVIS's lists decide: category 3 is not exhaustive on even images, and category 2 is known to be absent from every third. */
function annotationFile(format: Format): object {
  const lists = (image: number) =>
    format === "lvis"
      ? {
          neg_category_ids: image % 3 === 0 ? [2] : [],
          not_exhaustive_category_ids: image % 2 === 0 ? [3] : [],
        }
      : {};
  const frequencies = ["r", "c", "f"];
  return {
    images: images.map((id) => ({ id, file_name: `${id}.jpg`, coco_url: `http://x/${id}.jpg`, ...size, ...lists(id) })),
    categories: [1, 2, 3].map((id) => ({
      id,
      name: `thing ${id}`,
      frequency: format === "lvis" ? frequencies[id - 1] : undefined,
      image_count: format === "lvis" ? 5 : undefined,
      instance_count: format === "lvis" ? 9 : undefined,
    })),
    annotations: images.flatMap((image) =>
      [0, 1, 2].map((i) => {
        const [x, y, edge] = placeOf(image, i);
        const category = 1 + ((image + i) % 3);
        return {
          id: 3 * image + i,
          image_id: image,
          category_id: category,
          segmentation: [[x, y, x + edge, y, x + edge, y + edge, x, y + edge]],
          bbox: [x, y, edge, edge],
          area: edge * edge,
          iscrowd: 0,
        };
      }),
    ),
  };
}
