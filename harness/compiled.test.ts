import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

const here = fileURLToPath(new URL(".", import.meta.url));
let folder: string;
let root: string;
let home: string;

const write = (path: string, text: string) => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};

/** A project as small as one can be: all that processes begin with, one file that they share, one variant, no data set. */
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "sam-bench-compiled-")));
  [root, home] = [join(folder, "project"), join(folder, "home")];
  mkdirSync(join(root, "datasets"), { recursive: true });
  const starts = [
    "coco/match/exchange/exchangeBlocks",
    "coco/match/matchWorker",
    "diff/sideProcess",
    "onnx/session",
    "worker/providerError",
    "worker/worker",
  ];
  for (const start of starts) write(`harness/${start}.ts`, "export {};\n");
  write("harness/answer.ts", "export const answer: number = 1;\n");
  write("harness/plan/plugins/ownModules.ts", "export const ownModules = {};\n");
  write("variants/a/variant.ts", "export default { id: 'a', at: import.meta.url };\n");
  write(
    "harness/cli.ts",
    `export { answer } from "./answer.ts";
    import { ownModules } from "./plan/plugins/ownModules.ts";
    export const plugins = async () => Promise.all(Object.values(ownModules).map(async (load) => (await load()).default));
    export const fail = () => {
      throw new Error("here");
    };`,
  );
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Says what a process of its own finds in the compiled `cli.ts`, and where that lies; nothing where nothing is compiled. */
function inProcess(expression: string): { readonly url: string | undefined; readonly found: unknown } {
  const module = (name: string) => JSON.stringify(pathToFileURL(join(here, name)).href);
  const program = `import { compiledModule } from ${module("compiled.mjs")};
    import { runCompiled } from ${module("codeCache.mjs")};
    const url = await compiledModule("harness/cli.ts", ${JSON.stringify({ root, home })});
    const cli = url && runCompiled(url);
    console.log(JSON.stringify({ url, found: cli && await (${expression}) }));`;
  return JSON.parse(execFileSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" }));
}

test("what is compiled is used again as long as every source has the same bytes", () => {
  const first = inProcess("cli.answer");
  expect(first.found).toBe(1);
  expect(inProcess("cli.answer")).toEqual(first);
  const later = new Date(Date.now() + 5000);
  utimesSync(join(root, "harness/answer.ts"), later, later);
  expect(inProcess("cli.answer")).toEqual(first);
});

test("a source that changes is compiled anew, also one that another imports, and of the same size and time", () => {
  const then = new Date("2024-05-01");
  utimesSync(join(root, "harness/answer.ts"), then, then);
  const first = inProcess("cli.answer");
  write("harness/answer.ts", "export const answer: number = 2;\n");
  utimesSync(join(root, "harness/answer.ts"), then, then);
  const second = inProcess("cli.answer");
  expect([first.found, second.found]).toEqual([1, 2]);
  expect(second.url).not.toBe(first.url);
});

test("a plug-in is found by its path and knows its own place; a new one is compiled with the others", () => {
  const at = (id: string) => pathToFileURL(join(root, "variants", id, "variant.ts")).href;
  expect(inProcess("cli.plugins()").found).toEqual([{ id: "a", at: at("a") }]);
  write("variants/b/variant.ts", "export default { id: 'b', at: import.meta.url };\n");
  expect(inProcess("cli.plugins()").found).toEqual([
    { id: "a", at: at("a") },
    { id: "b", at: at("b") },
  ]);
});

test("compiled code or a record that is damaged is made again", () => {
  const { url } = inProcess("cli.answer");
  appendFileSync(fileURLToPath(url!), "\nthrow new Error('damaged');\n");
  expect(inProcess("cli.answer").found).toBe(1);
  const record = readdirSync(join(home, "compiled")).find((name) => name.endsWith(".json"))!;
  writeFileSync(join(home, "compiled", record), '{"sources": [');
  expect(inProcess("cli.answer").found).toBe(1);
});

test("a library that is compiled in is compiled anew where its version or any of its files is another", () => {
  const library = (version: string, text: string) => {
    write("node_modules/zod/package.json", JSON.stringify({ name: "zod", version, type: "module", main: "index.js" }));
    write("node_modules/zod/index.js", `import { part } from "./part.js"; import.meta.url; export const z = part;`);
    write("node_modules/zod/part.js", `export const part = "${text}";`);
  };
  library("1.0.0", "one");
  write("harness/answer.ts", 'import { z } from "zod"; export const answer = z;');
  const first = inProcess("cli.answer");
  expect(first.found).toBe("one");
  library("1.0.0", "one");
  expect(inProcess("cli.answer")).toEqual(first);
  library("1.0.0", "two");
  expect(inProcess("cli.answer").found).toBe("two");
  const second = inProcess("cli.answer");
  library("1.0.1", "two");
  expect(inProcess("cli.answer").url).not.toBe(second.url);
});

test("where the home folder can not be written, or the code has a mistake, nothing is compiled", () => {
  writeFileSync(home, "a file");
  expect(inProcess("cli.answer")).toEqual({});
  rmSync(home);
  write("harness/answer.ts", "export const answer = ;\n");
  expect(inProcess("cli.answer")).toEqual({});
});

test("a stack names the line of the source", () => {
  const { found } = inProcess("(() => { try { cli.fail(); } catch (error) { return error.stack; } })()");
  expect(found).toMatch(/^Error: here\n {4}at Object\.fail \(file:.*project\/harness\/cli\.ts:5:13\)/);
});

test("the program starts from compiled code, and from its sources where a plug-in from outside is given", () => {
  const bench = (...words: string[]) =>
    execFileSync(process.execPath, [join(here, "bench.mjs"), ...words], {
      encoding: "utf8",
      env: { ...process.env, SAM_BENCH_HOME: home },
    });
  const plugin = join(folder, "mine.mjs");
  writeFileSync(
    plugin,
    `export default { id: "mine", title: "Mine", about: "mine", open: async () => { throw new Error("none"); } };`,
  );
  expect(bench("list", "datasets", "--plugin", plugin)).toMatch(/\bmine\b/);
  expect(readdirSync(folder)).not.toContain("home");
  expect(bench("list", "datasets")).toMatch(/\bphotos\b/);
  const [folderName, record] = readdirSync(join(home, "compiled"));
  expect(record).toMatch(/\.json$/);
  // A library that is imported where a file begins is read at every start; import() waits until it is needed.
  const compiled = join(home, "compiled", folderName!);
  for (const file of readdirSync(compiled, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".cjs"),
  ))
    expect([file, readFileSync(join(compiled, file), "utf8").match(/\brequire\("file:[^"]+"/g)]).toEqual([file, null]);
});
