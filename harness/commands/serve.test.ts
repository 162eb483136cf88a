import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { memoryConsole, program } from "./fixtures/bench.ts";
import { serve } from "./serve.ts";
import { servedText } from "./text/serve.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-serve-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const asked = { variant: ["sam-nano"], weights: "auto", seed: 0, threads: 1, port: 0 };

test("the page is there until Ctrl-C, says what runs where, and ends cleanly", async () => {
  const words = ["serve", "sam-nano", "hq-sam-nano", "--limit", "2", "--port", "0", "--json"];
  const child = spawn(process.execPath, [program, ...words], { stdio: ["ignore", "pipe", "inherit"] });
  const [said] = await once(child.stdout, "data");
  const { address, models, photos } = JSON.parse(String(said));
  expect(photos).toBe(2);
  expect(models.map(({ name, place, reason }: Record<string, string>) => [name, place, reason])).toEqual([
    ["sam-nano", "page", undefined],
    ["hq-sam-nano", "harness", "no page takes the rules hq-sam yet"],
  ]);
  const page = await (await fetch(address)).text();
  expect(page).toContain('<script type="module" src="main.js">');
  expect((await fetch(`${address}main.js`)).headers.get("content-type")).toContain("javascript");
  child.kill("SIGINT");
  expect(await once(child, "exit")).toEqual([0, null]);
});

test("--out writes files and no photo, and says what they are", async () => {
  const console = memoryConsole(80);
  const out = join(folder, "page");
  expect(await serve.run({ ...asked, out }, console)).toBe(0);
  expect(JSON.parse(readFileSync(join(out, "page.json"), "utf8"))).toMatchObject({ photos: [] });
  expect(existsSync(join(out, "LICENCE.txt"))).toBe(true);
  expect(console.said.out).toContain("photos of your own alone");
  expect(console.said.out).toContain("README.txt");
});

test.each([
  [{ variant: ["sam-nano", "mobilesam-nano", "sam-vit-b"] }, "a page shows one model, or two side by side"],
  [{ variant: ["sam-nano", "sam-nano"] }, "not as many models as names (found 1, expected 2)"],
  [{ variant: ["baseline/prompt"] }, "baseline/prompt: is a floor"],
  [
    { variant: ["hq-sam-nano"], provider: "web-wasm1" },
    "hq-sam-nano: can not compute in a page (found no page takes the rules hq-sam yet)",
  ],
  [{ variant: ["hq-sam-nano"], out: "nowhere" }, "hq-sam-nano: can not compute in a page"],
  [{ provider: "cuda" }, "--provider cuda: bench serve does not compute by it"],
  [{ provider: "cpu", out: "nowhere" }, "--out: the page that is written has no harness to ask"],
  [{ out: "SECURITY.md" }, "SECURITY.md: is no folder"],
  [{ out: "harness" }, "harness: holds files that bench serve did not write"],
  [{ port: 70_000 }, "--port: no such port (found 70000, expected at most 65535)"],
  [{ limit: 0 }, "--limit: must be a whole number"],
])("%o is the user's to mend", async (args, message) => {
  await expect(serve.run({ ...asked, ...args }, memoryConsole())).rejects.toThrow(message);
});

test("a port that is taken is the user's to mend, and named before any model is looked up", async () => {
  const other = createServer();
  other.listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const served = serve.run({ ...asked, variant: ["no-such-model"], port }, memoryConsole());
  await expect(served).rejects.toThrow(`--port ${port}: is taken by another program`);
  other.close();
});

const model = {
  name: "sam-vit-h:a-checkpoint-with-a-name",
  title: "SAM ViT-H",
  downloadBytes: 0,
  weights: { source: "sam_vit_h_4b8939.pth", seeded: false },
  takes: { points: true, box: true },
  runWords: "",
};

test.each([80, 100, 200])("no line is wider than a terminal of %i columns", (width) => {
  const reason = "2.5 GB in encoder.weights, and a page takes at most 2.1 GB, which a browser loads in one piece";
  const description = {
    models: [
      { ...model, place: "harness", reason },
      { ...model, place: "page", downloadBytes: 21_317_837 },
    ],
    photos: [],
  } as const;
  const text = servedText({ description, place: "http://127.0.0.1:8026/", next: "Ctrl-C ends it", width });
  expect(text).toContain("21.3 MB");
  for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(width);
});
