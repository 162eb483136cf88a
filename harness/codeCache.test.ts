import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-code-"));
  file = join(folder, "cli.cjs");
  writeFileSync(
    file,
    `const { basename } = require("node:path");
    const called = (word) => word + " " + basename(__url);
    const later = () => importModule("node:os");
    module.exports = { answer: async (word) => called(word) + " " + typeof (await later()).EOL, fail: () => { throw new Error("here"); } };`.replace(
      "__url",
      JSON.stringify(file),
    ),
  );
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Says what a process of its own answers that runs the file for a command. */
function answered(word: string, then = "await cli.answer(process.argv[2])"): string {
  const module = JSON.stringify(pathToFileURL(fileURLToPath(new URL("codeCache.mjs", import.meta.url))).href);
  const program = join(folder, "program.mjs");
  writeFileSync(
    program,
    `import { runCompiled } from ${module};
    const cli = runCompiled(${JSON.stringify(pathToFileURL(file).href)});
    console.log(${then});`,
  );
  return execFileSync(process.execPath, [program, word], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();
}

const codeFiles = () => readdirSync(folder).filter((name) => name.endsWith(".code"));

test("the code of each command is stored, and used as long as it is what was stored", () => {
  expect(answered("list")).toBe("list cli.cjs string");
  expect(answered("--help")).toBe("--help cli.cjs string");
  expect(codeFiles()).toEqual(["cli-help.code", "cli-list.code"]);
  const place = join(folder, "cli-list.code");
  const stored = statSync(place).ino;
  expect(answered("list")).toBe("list cli.cjs string");
  expect(statSync(place).ino).toBe(stored);
});

test("code with a byte that differs is not run: the file is, and its code stored again", () => {
  answered("list");
  const place = join(folder, "cli-list.code");
  const bytes = readFileSync(place);
  bytes[bytes.length - 9]! ^= 1;
  writeFileSync(place, bytes);
  expect(answered("list")).toBe("list cli.cjs string");
  expect(readFileSync(place)).not.toEqual(bytes);
});

test("code of another file is refused", () => {
  answered("list");
  const place = join(folder, "cli-list.code");
  const stored = statSync(place).ino;
  writeFileSync(file, `module.exports = { answer: async () => "another" };`);
  expect(answered("list")).toBe("another");
  expect(statSync(place).ino).not.toBe(stored);
});

test("a process that fails stores nothing, and a stack names the file's own line", () => {
  expect(() => answered("list", "cli.fail()")).toThrow();
  expect(codeFiles()).toEqual([]);
  const stack = "(() => { try { cli.fail(); } catch (error) { return error.stack; } })()";
  expect(answered("list", stack)).toMatch(/cli\.cjs:4:\d+\)/);
});
