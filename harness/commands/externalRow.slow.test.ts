import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { patience } from "../run/fixtures/pluginTrial.ts";
import { memoryConsole } from "./fixtures/bench.ts";
import { compareIn } from "./fixtures/comparing.ts";
import { report } from "./report.ts";
import { run } from "./run.ts";
import { table } from "./table.ts";

const program = fileURLToPath(new URL("../run/fixtures/nanoProgram.mjs", import.meta.url));
const external = [`wire=node ${program} logits`];
const said = `the harness's own graphs (node ${process.version})`;

let results: string;
beforeAll(async () => {
  results = mkdtempSync(join(tmpdir(), "external-row-"));
  const measured = { rounds: 1, warmup: 0, threads: 2, seed: 0, limit: 1, prompts: "box", dataset: "shapes" };
  const flags = { variants: "sam-nano,wire", external, results, weights: "auto", baseline: false, ...measured };
  expect(await run.run(flags, memoryConsole())).toBe(0);
}, patience);
afterAll(() => rmSync(results, { recursive: true, force: true }));

async function tableAs(args: Readonly<Record<string, unknown>>): Promise<string> {
  const console = memoryConsole();
  expect(await table.run({ results, ...args }, console)).toBe(0);
  return console.said.out;
}

/** Returns the lines that name what computed. */
const naming = (text: string) => text.split("\n").filter((line) => /ONNX Runtime|own graphs/.test(line));

test("the table says which program answered for which row, and ONNX Runtime for the others alone", async () => {
  const [line, ...others] = naming((await tableAs({})).replaceAll(/\n {2}/g, " "));
  expect(line).toMatch(
    /^answered by another program: wire by the harness's own graphs \(node v[\d.]+\); the other rows by ONNX Runtime 1\.[\d.]+, provider cpu$/,
  );
  expect(others).toEqual([]);
});

test("the foot, Markdown and LaTeX claim ONNX Runtime where no other program answers, and name the program with its versions", async () => {
  const inText = (await tableAs({ notes: true })).replaceAll(/\n {2}/g, " ");
  const texts = [inText, await tableAs({ format: "markdown" }), await tableAs({ format: "latex" })];
  for (const text of texts) {
    expect(text).toMatch(/ONNX Runtime 1\.[\d.]+, provider cpu where no other program answers/);
    expect(text.replaceAll("\\", "")).toMatch(
      /another process, the harness's own graphs \(node v[\d.]+\); stages are by its own clock; .*; memory is that of its own processes, without the harness/,
    );
  }
});

test("a table of that row alone claims no ONNX Runtime", async () => {
  const { runs } = JSON.parse(await tableAs({ json: true }));
  const { id } = runs.find(({ variant }: { variant: string }) => variant === "wire");
  for (const format of [undefined, "markdown", "latex"])
    expect(await tableAs({ run: [id], notes: true, format })).not.toMatch(/ONNX Runtime|provider/);
});

test("JSON has the program among the conditions of its row, and ONNX Runtime among those of the others", async () => {
  const { runs } = JSON.parse(await tableAs({ json: true }));
  const conditions = Object.fromEntries(
    runs.map((each: { variant: string; conditions: object }) => [each.variant, each.conditions]),
  );
  expect(conditions["sam-nano"]).toMatchObject({ provider: "cpu", threads: 2, onnxruntime: expect.any(String) });
  expect(conditions.wire).toMatchObject({ program: said, threads: 2 });
  expect(Object.keys(conditions.wire)).not.toContain("onnxruntime");
  expect(Object.keys(conditions.wire)).not.toContain("provider");
  // Rows of two programs on one machine can be compared: the faster is so many times as fast.
  expect(await tableAs({ columns: ["variant", "speed-up"] })).toMatch(/^wire +\d/m);
});

test("the report names the program as the runtime of its row", async () => {
  const out = join(results, "..", `${results.split("/").at(-1)}-report`);
  const console = memoryConsole();
  expect(await report.run({ results, out, photos: false, gallery: 0 }, console)).toBe(0);
  const page = readFileSync(join(out, "index.html"), "utf8");
  rmSync(out, { recursive: true });
  const machine = page.slice(page.indexOf('id="machine"'));
  expect(machine.match(/<dt>runtime<\/dt><dd>[^<]*/g)).toEqual([
    expect.stringMatching(/ONNX Runtime [\d.]+, provider cpu, 2 threads$/),
    expect.stringMatching(/another program, the harness(?:'|&#39;)s own graphs \(node v[\d.]+\), 2 threads$/),
  ]);
});

test(
  "two runs are timed by turns where one is another program's, and without its command it is asked for",
  async () => {
    const { out, code } = await compareIn(results, "sam-nano", ["wire"], {
      external,
      rounds: 2,
      json: true,
      "fail-if": ["same-token < 1", "mask-iou < 1"],
    });
    expect(code).toBe(0);
    const [{ latency, agreement, b }] = JSON.parse(out).comparisons;
    expect(b.variant).toBe("wire");
    expect(latency).toMatchObject({ measured: "interleaved", noiseFrom: "again" });
    expect(latency.stages.map(({ rounds }: { rounds: number }) => rounds)).toEqual([2, 2, 2, 2, 2]);
    expect(agreement.all).toMatchObject({ sameToken: 1, maskIou: { least: 1 } });
    await expect(compareIn(results, "sam-nano", ["wire"], { rounds: 2 })).rejects.toMatchObject({
      message: expect.stringMatching(/^wire-\w+: a program of your own answers for it, and a stored run starts none$/),
      hint: 'give its command again: --external wire="COMMAND"',
    });
  },
  patience,
);
