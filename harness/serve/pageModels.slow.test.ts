import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findBrowser } from "../web/browser.ts";
import { expectSame, prompts, stopSign } from "./fixtures/ownAnswers.ts";
import { askingTab, preparedTestPage, serveTestPage } from "./fixtures/testPage.ts";

const inBrowser = test.skipIf(findBrowser() === undefined);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-clicks-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

inBrowser(
  "two models that are loaded by two rules answer side by side with the harness's masks, pixel by pixel",
  async () => {
    const page = await preparedTestPage(folder, { ...stopSign, variants: "efficientsam-nano,mobilesam-nano" });
    const server = await serveTestPage(page);
    const tab = await askingTab(server.address);
    const photo = page.description.photos[0]!.address;
    const asked = await Promise.all(page.description.models.map((model) => tab.ask({ model, photo, prompts })));
    for (const [i, each] of asked.entries()) await expectSame(page, i, each);
    expect(tab.complaints).toEqual([]);
    await tab.close();
    await server.close();
  },
);

inBrowser("a model of the harness answers over the connection with the same masks", async () => {
  const page = await preparedTestPage(folder, { ...stopSign, variants: "sam-nano" }, "harness");
  const [model] = page.description.models;
  expect(model).toMatchObject({ place: "harness", reason: "--place harness asks for it", downloadBytes: 0 });
  const server = await serveTestPage(page);
  const tab = await askingTab(server.address);
  await expectSame(page, 0, await tab.ask({ model: model!, photo: page.description.photos[0]!.address, prompts }));
  expect(tab.complaints).toEqual([]);
  await tab.close();
  await server.close();
});
