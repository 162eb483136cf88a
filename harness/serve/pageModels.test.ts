import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findBrowser } from "../web/browser.ts";
import { expectSame, prompts, stopSign } from "./fixtures/ownAnswers.ts";
import { askingTab, preparedTestPage, serveTestPage } from "./fixtures/testPage.ts";
import { writePage } from "./folder.ts";

const inBrowser = test.skipIf(findBrowser() === undefined);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-clicks-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const flags = { ...stopSign, variants: "sam-nano" };

inBrowser("a model of the page answers with the harness's masks, pixel by pixel, and tells what it loads", async () => {
  const page = await preparedTestPage(folder, flags);
  const server = await serveTestPage(page);
  const tab = await askingTab(server.address);
  const photo = page.description.photos[0]!.address;
  const model = page.description.models[0]!;
  expect([model.name, model.place]).toEqual(["sam-nano", "page"]);
  const asked = await tab.ask({ model, photo, prompts });
  await expectSame(page, 0, asked);
  expect(asked.loaded.note).toBeUndefined();
  expect(asked.progress.length).toBeGreaterThan(3);
  expect(asked.progress.at(-1)).toEqual({ bytes: model.downloadBytes, total: model.downloadBytes });
  const compiled = asked.progress.flatMap(({ compiling }) => compiling ?? []);
  expect(compiled).toEqual(["encoder", "decoder-image", "decoder"]);
  const { bytes, total } = asked.progress.at(-2)!;
  // The browser loads the scripts by itself, and they are small.
  expect(bytes).toBeLessThan(total);
  expect(bytes / total).toBeGreaterThan(0.95);
  expect(tab.complaints).toEqual([]);
  await tab.close();
  await server.close();
});

inBrowser(
  "static files behind a server without headers compute with one thread, say so, and give the same masks",
  async () => {
    const page = await preparedTestPage(folder, flags);
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
