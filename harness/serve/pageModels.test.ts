import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ModelSetup } from "../build/setup.ts";
import { readImage } from "../image/index.ts";
import { formatCounts } from "../mask/index.ts";
import { Deadlines } from "../process/deadlines.ts";
import { findBrowser } from "../web/browser.ts";
import type { PromptAnswer } from "../worker/clicked/answer.ts";
import { startPromptedModel } from "../worker/workerProcess.ts";
import { askingTab, preparedTestPage, serveTestPage } from "./fixtures/testPage.ts";
import { writePage } from "./folder.ts";
import type { AskedPrompt } from "./page/contract.ts";
import type { Asked } from "./page/fixtures/asked.ts";
import type { PreparedPage } from "./prepare.ts";

const inBrowser = test.skipIf(findBrowser() === undefined);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-clicks-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The stop sign of the photo 122745: a click, a click and one beside it, a box, a box and a click. */
const prompts: readonly AskedPrompt[] = [
  { points: [{ x: 280, y: 180, label: 1 }] },
  {
    points: [
      { x: 280.5, y: 180, label: 1 },
      { x: 100, y: 400, label: 0 },
    ],
  },
  { points: [], box: { x0: 216, y0: 110, x1: 357, y1: 252 } },
  { points: [{ x: 300, y: 150, label: 1 }], box: { x0: 216, y0: 110, x1: 357, y1: 252 } },
];
const flags = { dataset: "photos", image: [122745], threads: 1 };

const known = new Map<string, readonly PromptAnswer[]>();

/** Returns the answers of the harness's own process, which `bench predict` asks. */
async function ownAnswers(setup: ModelSetup, file: string): Promise<readonly PromptAnswer[]> {
  const found = known.get(setup.variant);
  if (found !== undefined) return found;
  const model = await startPromptedModel(setup, new Deadlines());
  await model.call("encode", { photo: await readImage(file) });
  const answers: PromptAnswer[] = [];
  for (const prompt of prompts) answers.push(await model.call("decode", { prompt: { frame: "image", ...prompt } }));
  await model.close();
  known.set(setup.variant, answers);
  return answers;
}

/** Requires the answers of a page to be the harness's own, in every pixel of every token. */
async function expectSame({ models, description }: PreparedPage, which: number, { answers }: Asked): Promise<void> {
  const owns = await ownAnswers(models[which]!.setup, description.photos[0]!.file!);
  for (const [i, own] of owns.entries()) {
    const { counts, chosen, predictedIou } = answers[i]!;
    expect([i, chosen, counts]).toEqual([i, own.chosen, own.tokens.map(({ mask }) => formatCounts(mask))]);
    for (const [token, { predictedIou: expected }] of own.tokens.entries())
      expect(predictedIou[token]).toBeCloseTo(expected!, 5);
  }
}

inBrowser("a model of the page answers with the harness's masks, pixel by pixel, and tells what it loads", async () => {
  const page = await preparedTestPage(folder, { ...flags, variants: "sam-nano,efficientsam-nano" });
  const server = await serveTestPage(page);
  const tab = await askingTab(server.address);
  const photo = page.description.photos[0]!.address;
  for (const [i, model] of page.description.models.entries()) {
    expect([model.name, model.place]).toEqual([model.name, "page"]);
    const asked = await tab.ask({ model, photo, prompts });
    await expectSame(page, i, asked);
    expect(asked.loaded.note).toBeUndefined();
    expect(asked.progress.length).toBeGreaterThan(3);
    expect(asked.progress.at(-1)).toEqual([model.downloadBytes, model.downloadBytes]);
    const last = asked.progress.at(-2)!;
    // The browser loads the scripts by itself.
    expect(last[0] / last[1]).toBeGreaterThan(0.9);
  }
  expect(tab.complaints).toEqual([]);
  await tab.close();
  await server.close();
});

inBrowser("a model of the harness answers over the connection with the same masks", async () => {
  const page = await preparedTestPage(folder, { ...flags, variants: "sam-nano" }, "harness");
  const [model] = page.description.models;
  expect(model).toMatchObject({ place: "harness", reason: "--place harness asks for it", downloadBytes: 0 });
  const server = await serveTestPage(page);
  const tab = await askingTab(server.address);
  await expectSame(page, 0, await tab.ask({ model: model!, photo: page.description.photos[0]!.address, prompts }));
  expect(tab.complaints).toEqual([]);
  await tab.close();
  await server.close();
});

inBrowser(
  "static files behind a server without headers compute with one thread, say so, and give the same masks",
  async () => {
    const page = await preparedTestPage(folder, { ...flags, variants: "sam-nano" });
    const written = join(folder, "static");
    await writePage({ ...page, folder: written, progress: () => undefined });
    const server = createServer(({ url = "" }, response) => {
      const name = url.slice(1) || "index.html";
      if (/\.m?js$/.test(name)) response.setHeader("Content-Type", "text/javascript");
      response.end(readFileSync(join(written, name)));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const tab = await askingTab(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const asked = await tab.ask({
      model: page.description.models[0]!,
      photo: page.description.photos[0]!.address,
      prompts,
    });
    await expectSame(page, 0, asked);
    expect(asked.loaded).toMatchObject({ threads: 1, note: expect.stringContaining("not isolated") });
    expect(tab.complaints).toEqual([]);
    await tab.close();
    server.close();
    server.closeAllConnections();
  },
);
