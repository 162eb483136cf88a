import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { runCommandLine } from "./cli.ts";
import { bench, benchLines, program } from "./commands/fixtures/bench.ts";
import { commands, headings } from "./commands/index.ts";
import { exitCodes } from "./commands/terminal/exitCodes.ts";
import { Stopped } from "./errors.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const help = bench(["--help"]);
const all = await Promise.all(Object.values(commands).map((load) => load()));

test("help lists every command", async () => {
  const { code, out, notes } = await help;
  expect([code, notes]).toEqual([0, ""]);
  for (const { name, describe } of all) {
    expect(out).toMatch(new RegExp(`^  bench ${name}\\b`, "m"));
    expect(out.replace(/\s+/g, " ")).toContain(describe);
  }
});

test("help and the commands' page say each exit code with its meaning", async () => {
  const said = (await help).out.replace(/\s+/g, " ");
  const page = readFileSync(new URL("commands/README.md", import.meta.url), "utf8").replace(/ +/g, " ");
  for (const { code, meaning } of Object.values(exitCodes)) {
    expect(said).toContain(`${code} ${meaning}`);
    expect(page).toContain(`| ${code} | ${meaning} |`);
  }
  expect(Object.values(exitCodes).map(({ code }) => code)).toEqual([0, 1, 2, 3, 70, 130]);
});

test("what the user stopped exits with 130, by whatever command", async () => {
  const said = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const before = process.exitCode;
  try {
    const run = () => Promise.reject(new Stopped("ptq4sam/sam-nano/w4a4: the calibration was stopped"));
    const stopped = { name: "stop", describe: "stops", arguments: [], options: {}, examples: [], run };
    await runCommandLine(["stop"], { name: "bench", about: "tests", commands: { stop: async () => stopped } });
    expect(process.exitCode).toBe(130);
    expect(said.mock.calls).toEqual([["error: ptq4sam/sam-nano/w4a4: the calibration was stopped\n"]]);
  } finally {
    process.exitCode = before;
    said.mockRestore();
  }
});

test("a command's help has its options and examples", async () => {
  const { code, out } = await bench(["verify", "--help"]);
  expect(code).toBe(0);
  const { options, examples } = await commands.verify();
  for (const name of Object.keys(options)) expect(out).toContain(`--${name}`);
  expect(examples.length).toBeGreaterThan(0);
  // Long examples wrap.
  const words = out.replace(/\s+/g, " ");
  for (const [line] of examples) expect(words).toContain(line.split(" ").slice(0, 4).join(" "));
});

test("a command is called by its own name, and has its heading", () => {
  expect(all.map(({ name }) => name)).toEqual(Object.keys(commands));
  expect(Object.keys(headings)).toEqual(Object.keys(commands));
  expect(all).toEqual(Object.values(headings).map((heading) => expect.objectContaining(heading)));
});

test("help reads no command", async () => {
  const heading = { name: "stop", describe: "stops it all", arguments: [{ name: "what", describe: "it" }] };
  const stop = () => Promise.reject(new Error("read"));
  // yargs prints help with console.log, and ends the process.
  const said = vi.spyOn(console, "log").mockReturnValue(undefined);
  const exit = vi.spyOn(process, "exit").mockReturnValue(undefined as never);
  try {
    await runCommandLine(["--help"], {
      name: "bench",
      about: "tests",
      commands: { stop },
      headings: { stop: heading },
    });
    expect(said.mock.calls.join("\n")).toMatch(/bench stop <what> +stops it all/);
    expect(exit).toHaveBeenCalledWith(0);
  } finally {
    said.mockRestore();
    exit.mockRestore();
  }
});

test("every command has a description and examples that begin with the program's name", () => {
  for (const { name, describe, examples } of all) {
    expect(describe).not.toBe("");
    expect(examples.length).toBeGreaterThan(0);
    for (const [line] of examples) expect(line).toMatch(new RegExp(`^bench ${name}\\b`));
  }
});

const mistakes: readonly (readonly [what: string, args: readonly string[], message: string])[] = [
  ["no command", [], "error: a command is needed"],
  ["a misspelt command", ["lisst"], "error: unknown command: lisst; did you mean list?"],
  ["an option that is misspelt", ["run", "--limt", "3"], "error: unknown option: --limt; did you mean --limit?"],
  ["a missing argument", ["inspect"], "error: not enough non-option arguments"],
  [
    "a choice that is none",
    ["verify", "a", "b", "--graph", "fast"],
    'error: invalid values: Argument: graph, Given: "fast"',
  ],
  ["a number that is none", ["verify", "a", "b", "--threads", "x"], "error: --threads: must be a number"],
  ["a list of numbers with one that is none", ["run", "--image", "3,x"], "error: --image: must be a number"],
  [
    "an option without its value",
    ["verify", "a", "b", "--tolerance"],
    "error: not enough arguments following: tolerance",
  ],
  ["an unknown list", ["list", "variant"], "error: unknown list: variant; did you mean variants?"],
];
// Messages of the argument parser follow the user's language; ours are English, so all are.
const answers = benchLines(
  mistakes.map(([, args]) => args),
  { env: { LC_ALL: "de_DE.UTF-8" } },
);

test.each(mistakes)(
  "%s is the user's mistake, in one line of error and at most one of hint",
  async (what, _, message) => {
    const { code, out, notes } = (await answers)[mistakes.findIndex(([each]) => each === what)]!;
    expect([code, out]).toEqual([2, ""]);
    expect(notes.slice(0, message.length)).toBe(message);
    expect(notes).toMatch(/^error: .+\n( {2}hint: .+\n)?$/);
  },
);

test("a reader that has seen enough ends the program without an error", async () => {
  const child = spawn("sh", ["-c", `"$0" "$1" list --json | head -c 1; echo`, process.execPath, program]);
  let text = "";
  child.stdout.on("data", (chunk) => {
    text += chunk;
  });
  child.stderr.on("data", (chunk) => {
    text += chunk;
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  expect([code, text]).toEqual([0, "[\n"]);
});

test("plug-ins in TypeScript load from anywhere, one option each or with commas, before or after the arguments", async () => {
  const plugin = (id: string) => `import { GraphBuilder } from "sam-bench/onnx";
    const functions = { build: async () => void new GraphBuilder("g"), load: async () => {}, loadRaw: async () => {} };
    const paper: { title: string; year: number } = { title: "None", year: 2020 };
    const input = { side: 8, fit: "pad", resize: "bilinear", padValue: 0, mean: [0, 0, 0], std: [1, 1, 1] };
    const mask = { path: "direct", interpolation: "bilinear", threshold: ">0" };
    const preset = { id: "${id}", title: "Toy", paper, size: "nano", input, mask, lacks: [], notes: [] };
    export default { presets: [preset], ...functions };`;
  for (const id of ["one", "two", "three"]) writeFileSync(join(folder, `${id}.mts`), plugin(id));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(join(dirname(program), ".."), join(folder, "node_modules", "sam-bench"));
  const args = ["list", "--json", "--plugin", "one.mts,two.mts", "--plugin", "three.mts", "variants"];
  const { code, out, notes } = await bench(args, { cwd: folder });
  expect([code, notes]).toEqual([0, ""]);
  const ids = (JSON.parse(out) as { id: string }[]).map(({ id }) => id);
  expect(ids.slice(-3)).toEqual(["one", "two", "three"]);
  expect(ids).toContain("sam-nano");
});

test("a .ts plug-in that is no ES module is told how to become one", async () => {
  writeFileSync(join(folder, "common.ts"), "const id: string = `x`; export default { id, open: async () => {} };");
  const { code, notes } = await bench(["list", "datasets", "--plugin", "common.ts"], { cwd: folder });
  // Some versions of Node tell by the syntax that it is one.
  if (code === 0) return;
  expect(code).toBe(2);
  expect(notes).toMatch(
    /^error: .*common\.ts: the plug-in can not be loaded \(found .+\)\n {2}hint: .* name it \.mts\n$/,
  );
});

test("the list is a table for people", async () => {
  const { code, out } = await bench(["list"]);
  expect(code).toBe(0);
  expect(out).toMatch(/^variant +title +input px +published weights/);
  expect(out).toMatch(/^sam-vit-b +SAM ViT-B +1024 +sam_vit_b_01ec64$/m);
  expect(out).toMatch(/^left out in \d+ columns: paper; --json has all$/m);
});

test("options of a plug-in from outside are flags, in the help too", async () => {
  const file = join(folder, "strength.mts");
  writeFileSync(
    file,
    `const no = () => Promise.reject(new Error("not called"));
export default { presets: [], options: [{ name: "strength", describe: "how strong" }], build: no, load: no, loadRaw: no };`,
  );
  const { out } = await bench(["run", `--plugin=${file}`, "--help"]);
  expect(out).toMatch(/--strength\s+how strong/);
  const set = ["--variants", "sam-nano", "--strength", "2"];
  const [wrong, without] = await benchLines([
    ["run", "--plugin", file, ...set],
    ["run", ...set],
  ]);
  expect(wrong).toMatchObject({
    code: 2,
    notes: expect.stringContaining("--strength: none of these variants has this setting"),
  });
  expect(without).toMatchObject({ code: 2, notes: expect.stringContaining("strength") });
});
