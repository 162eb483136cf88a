import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findBrowser } from "../web/browser.ts";
import { computingOf } from "./computing.ts";
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
  const page = await preparedTestPage(folder, { ...stopSign, variants: "sam-nano" }, computingOf("cpu"));
  const [model] = page.description.models;
  expect(model).toMatchObject({ place: "harness", reason: "--provider cpu asks for it", downloadBytes: 0 });
  const server = await serveTestPage(page);
  const tab = await askingTab(server.address);
  await expectSame(page, 0, await tab.ask({ model: model!, photo: page.description.photos[0]!.address, prompts }));
  expect(tab.complaints).toEqual([]);
  await tab.close();
  await server.close();
});

inBrowser(
  "--provider says how many threads the page has, and a browser without WebGPU says what else there is",
  async () => {
    const asked = async (provider: string) => {
      const page = await preparedTestPage(folder, { ...stopSign, variants: "sam-nano" }, computingOf(provider));
      const server = await serveTestPage(page);
      const tab = await askingTab(server.address);
      const [model] = page.description.models;
      const photo = page.description.photos[0]!.address;
      return {
        page,
        tab,
        question: { model: model!, photo, prompts },
        close: () => Promise.all([tab.close(), server.close()]),
      };
    };
    const single = await asked("web-wasm1");
    const answer = await single.tab.ask(single.question);
    expect(answer.loaded).toMatchObject({ threads: 1, note: undefined });
    await expectSame(single.page, 0, answer);
    await single.close();
    const onGpu = await asked("web-webgpu");
    expect(onGpu.question.model).toMatchObject({ place: "page", provider: "web-webgpu" });
    expect([...onGpu.page.contents.keys()]).toContain("ort/ort-wasm-simd-threaded.asyncify.wasm");
    expect(await onGpu.tab.refusal(onGpu.question)).toContain("this browser gives the page no device for WebGPU");
    await onGpu.close();
  },
);
