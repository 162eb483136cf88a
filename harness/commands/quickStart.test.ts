import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { quickStart, quickStartLeftOut } from "../report/fixtures/quickStart.ts";
import { terminalWidth } from "../report/table/formats/terminalWidth.ts";
import { resultTable } from "../report/table/tables.ts";
import { memoryConsole } from "./fixtures/bench.ts";
import { lookOf } from "./terminal/tableOptions.ts";

const reports = await quickStart(await mkdtemp(join(tmpdir(), "quick-start-")));
const steps = {
  leftOut: quickStartLeftOut,
  report: "bench report",
  next: "`bench pull --small` brings 3 published models (105 MB)",
};

/** Returns what the quick start prints of measured runs: on a terminal of so many columns, or to a pipe. */
function printed(columns: number | undefined): string {
  const console = memoryConsole(columns);
  if (columns !== undefined) Object.assign(console.out, { isTTY: true });
  return resultTable(reports, { ...steps, ...lookOf(console) });
}

beforeEach(() => {
  vi.stubEnv("TERM", "xterm");
  vi.stubEnv("NO_COLOR", "");
});
afterEach(() => {
  vi.unstubAllEnvs();
});

test.each([80, 100, 140])("the quick start of measured runs on a terminal of %i columns", async (columns) => {
  const text = printed(columns);
  await expect(text).toMatchFileSnapshot(`fixtures/quickStart/terminal${columns}.txt`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: bold is a control sequence
  const lines = text.replaceAll(/\u001b\[\d+m/g, "").split("\n");
  expect(lines.filter((line) => terminalWidth(line) > columns)).toEqual([]);
  expect(lines.length).toBeLessThanOrEqual(reports.length + 19);
});

test("to a pipe, with every column of the first table and no control sequence", async () => {
  const text = printed(undefined);
  await expect(text).toMatchFileSnapshot("fixtures/quickStart/piped.txt");
  expect(text).not.toContain("\u001b");
});

test("with NO_COLOR, where a mark stands for bold", async () => {
  vi.stubEnv("NO_COLOR", "1");
  const text = printed(100);
  await expect(text).toMatchFileSnapshot("fixtures/quickStart/noColour100.txt");
  expect(text).not.toContain("\u001b");
  expect(text).toMatch(/\d\*/);
});

test("the machine was quiet, and none of its 12 rows has a warning", () => {
  expect(reports.flatMap(({ warnings }) => warnings)).toEqual([]);
  expect(printed(140)).not.toContain("!");
});
