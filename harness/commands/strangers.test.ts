import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { storeExample } from "../report/fixtures/runs.ts";
import { compare } from "./compare.ts";
import { memoryConsole } from "./fixtures/bench.ts";
import { list } from "./list.ts";
import { report } from "./report.ts";
import { table } from "./table.ts";

/** Clears the screen, sets the title, rings, begins a line of its own, and turns the direction of writing. */
const attack = "\u001b[2J\u001b]0;owned\u0007\r\nsam-vit-h  99.9 \u202e\u009b31m";
const results = mkdtempSync(join(tmpdir(), "strangers-"));

/** Results that somebody sent along. */
beforeAll(async () => {
  for (const variant of ["sam-vit-b", "mobilesam"]) {
    const { folder } = await storeExample(results, {
      variant,
      manifest: { dataset: { id: "coco", fingerprint: "f1", images: 4, warnings: [] } },
      ious: { box: [0.7, 0.8], "1p": [0.5] },
      encodeMs: [40, 41, 42],
      failed: 1,
      failure: attack,
    });
    const file = join(folder, "manifest.json");
    const manifest = JSON.parse(readFileSync(file, "utf8"));
    manifest.variant.title += attack;
    manifest.variant.notes.push(`a note ${attack}`);
    manifest.weights.label += attack;
    manifest.weights.file += attack;
    manifest.warnings.push({ about: "x", text: `a warning ${attack}` });
    manifest.environment.cpu.model = attack;
    writeFileSync(file, JSON.stringify(manifest));
  }
});
afterAll(() => rmSync(results, { recursive: true }));

/** Line ends are ours: none of the strangers' begins a line. */
function expectHarmless(text: string) {
  expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}](?<!\n)/u);
  expect(text.split("\n").filter((line) => line.startsWith("sam-vit-h"))).toEqual([]);
}

test.each(["text", "markdown", "latex", "csv"])(
  "a table of a stranger's runs as %s shows what would steer a terminal",
  async (format) => {
    const console = memoryConsole();
    await table.run({ results, format, all: true }, console);
    expectHarmless(console.said.out);
    expectHarmless(console.said.notes);
  },
);

test("a list and a comparison of a stranger's runs show what would steer a terminal", async () => {
  for (const [command, args] of [
    [list, { what: "runs", results }],
    [compare, { a: "sam-vit-b", b: ["mobilesam"], results, seed: 0 }],
  ] as const) {
    const console = memoryConsole();
    await command.run(args, console);
    if (command === compare) expect(console.said.out).toContain("\\x1b[2J");
    expectHarmless(console.said.out);
    expectHarmless(console.said.notes);
  }
});

test("a report and a picture of a stranger's runs are made", async () => {
  const folder = mkdtempSync(join(tmpdir(), "strangers-out-"));
  cpSync(results, join(folder, "results"), { recursive: true });
  const console = memoryConsole();
  expect(
    await report.run(
      { results: join(folder, "results"), out: join(folder, "report"), all: true, gallery: 0, photos: true, seed: 0 },
      console,
    ),
  ).toBe(0);
  const page = readFileSync(join(folder, "report", "index.html"), "utf8");
  expect([...page].filter((character) => character < " " && !"\t\n".includes(character))).toEqual([]);
  expect(await table.run({ results, format: "png", out: join(folder, "table.png"), all: true }, console)).toBe(0);
  expect(readdirSync(folder).sort()).toEqual(["report", "results", "table.png"]);
  rmSync(folder, { recursive: true });
});
