import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { applyBlock, type CodeBlock, codeBlocks, readPage, unknownCommands } from "./commands/fixtures/markdown.ts";
import { projectRoot } from "./plan/plugins/sources.ts";

const page = readPage("CONTRIBUTING.md");
const blocks = codeBlocks(page);
const walks = ["A variant", "A protocol", "A metric", "A data set"];

/** Paths that the walk-throughs copy and change. */
const touched = ["variants/templates", "datasets/templates", "harness/protocols/index.ts", "harness/metrics/index.ts"];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-walk-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test.each(walks)("%s: the diffs apply to the files as they are", (walk) => {
  for (const path of touched) cpSync(join(projectRoot, path), join(folder, path), { recursive: true });
  const own = blocks.filter(({ section }) => section === walk);
  for (const block of own) {
    for (const line of copiesIn(block)) execFileSync("sh", ["-c", line], { cwd: folder });
    applyBlock(folder, block);
  }
  expect(own.filter(({ language }) => language === "diff").length).toBeGreaterThan(0);
  expect(own.filter(({ language, file }) => language === "ts" && file === undefined)).toEqual([]);
});

/** The lines that copy a template; what runs the copy is for the slow test. */
function copiesIn({ language, text }: CodeBlock): readonly string[] {
  return language === "sh" ? text.split("\n").filter((line) => /^(mkdir \S+|cp \S+\.ts \S+)$/.test(line)) : [];
}

test("every command and option of the page is there", async () => {
  expect(await unknownCommands(page)).toEqual([]);
  const { scripts } = JSON.parse(readPage("package.json"));
  const named = [...page.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name!);
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
});

test("every file that the page names is there, or one of its walk-throughs writes it", () => {
  const text = page.replaceAll(/```[\s\S]*?```/g, "");
  const named = [...text.matchAll(/`((?:harness|variants|datasets|\.ci)\/[\w./-]+)`|\]\(([\w./-]+)\)/g)].map(
    ([, path, link]) => path ?? link!,
  );
  expect(named.length).toBeGreaterThan(10);
  const written = new Set(blocks.flatMap(({ file }) => file ?? []));
  expect(named.filter((path) => !written.has(path) && !existsSync(join(projectRoot, path)))).toEqual([]);
});
