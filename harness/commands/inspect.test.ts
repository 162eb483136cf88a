import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { benchLines, type Finished, memoryConsole } from "./fixtures/bench.ts";
import { inspect } from "./inspect.ts";

const fixtures = fileURLToPath(new URL("../weights/fixtures/", import.meta.url));

interface Tensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly value: readonly (number | boolean)[];
}

const expected = JSON.parse(readFileSync(join(fixtures, "expected.json"), "utf8")) as Record<string, Tensor>;

interface Inspected {
  readonly file: string;
  readonly format: string;
  readonly nesting: string;
  readonly variant: string | null;
  readonly parameters: number;
  readonly tensors: readonly (Omit<Tensor, "value"> & {
    readonly name: string;
    readonly first: readonly (number | boolean)[];
    readonly mean?: number;
    readonly std?: number;
  })[];
}

async function inspectJson(name: string): Promise<Inspected> {
  const console = memoryConsole();
  expect(await inspect.run({ file: join(fixtures, name), json: true }, console)).toBe(0);
  expect(console.said.notes).toBe("");
  return JSON.parse(console.said.out) as Inspected;
}

test("the verdict is the last line, and the tensors are listed where they are asked for", async () => {
  const said = async (args: object) => {
    const console = memoryConsole();
    await inspect.run({ file: join(fixtures, "../../../variants/sam/sam-nano.safetensors"), ...args }, console);
    return console.said.out.trim().split("\n");
  };
  const short = await said({});
  expect(short.at(-1)).toBe("variant     sam-nano");
  expect(short.length).toBeLessThan(10);
  const long = await said({ tensors: true });
  expect(long.at(-1)).toBe("variant     sam-nano");
  expect(long.length).toBeGreaterThan(100);
});

describe("every form of the small state dict shows the values that PyTorch saved", () => {
  test.each([
    ["plain.pth", "zip", ""],
    ["legacy.pth", "legacy", ""],
    ["training.pth", "zip", "model"],
    ["dataparallel.pth", "zip", "module."],
    ["plain.safetensors", "safetensors", ""],
  ])("%s", async (name, format, nesting) => {
    const inspected = await inspectJson(name);
    const fields = ["file", "format", "nesting", "variant", "fitting", "identifiedByHash", "parameters", "tensors"];
    expect(Object.keys(inspected)).toEqual(fields);
    expect(inspected).toMatchObject({ file: join(fixtures, name), format, nesting, variant: null });
    expect(inspected.tensors.length).toBeGreaterThan(0);
    for (const { name, dtype, shape, first, mean, std } of inspected.tensors) {
      const { value, ...type } = expected[name]!;
      expect({ name, dtype, shape, first }).toEqual({ name, ...type, first: value.slice(0, 4) });
      const moments = momentsOf(value.map(Number));
      if (moments === undefined) expect([mean, std]).toEqual([undefined, undefined]);
      else {
        expect(mean).toBeCloseTo(moments.mean, 12);
        expect(std).toBeCloseTo(moments.std, 12);
      }
    }
    const elements = inspected.tensors.map(({ shape }) => shape.reduce((product, size) => product * size, 1));
    expect(inspected.parameters).toBe(elements.reduce((sum, count) => sum + count, 0));
  });
});

test("parameters saved without a state dict come with their names", async () => {
  const { tensors, parameters } = await inspectJson("parameters.pth");
  expect(tensors.map(({ name, dtype, shape }) => [name, dtype, shape])).toEqual([
    ["weight", "float32", [3, 4]],
    ["bias", "float32", [3]],
  ]);
  expect(parameters).toBe(15);
  // As PyTorch shows them.
  expect(tensors[0]).toMatchObject({
    first: [0.5634608864784241, 0.06588377803564072, -0.6930303573608398, -0.5394275188446045],
    mean: expect.closeTo(-0.11100700000921886, 12),
    std: expect.closeTo(0.42899020530930754, 12),
  });
});

test("whole state dicts come with every tensor", async () => {
  for (const name of ["plain.pth", "legacy.pth", "training.pth"])
    expect((await inspectJson(name)).tensors.map((tensor) => tensor.name).sort()).toEqual(Object.keys(expected).sort());
});

test("for people it is a table under a few facts", async () => {
  const console = memoryConsole();
  expect(await inspect.run({ file: join(fixtures, "training.pth"), tensors: true }, console)).toBe(0);
  expect(console.said.out).toMatch(/^format {6}zip$/m);
  expect(console.said.out).toMatch(/^nesting {5}model$/m);
  expect(console.said.out).toMatch(/^variant {5}fits none that is known$/m);
  expect(console.said.out).toMatch(/^half +float16 +\[6, 4\]$/m);
});

describe("a bad file exits with 2 and one line of error, and runs nothing", () => {
  const bad: readonly (readonly [name: string, problem: RegExp])[] = [
    ["evil_system.pth", /system/],
    ["evil_eval.pth", /eval/],
    ["truncated.pth", /cut off|damaged/],
    ["short_storage.pth", /bytes|short|elements|values/],
    ["not_a_checkpoint.pth", /not|no /],
    ["empty.pth", /the file is empty/],
    ["missing.pth", /no such file/],
  ];
  let folder: string;
  let answers: readonly Finished[];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
    answers = await benchLines(
      bad.map(([name]) => ["inspect", join(fixtures, name)]),
      { cwd: folder },
    );
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(bad)("%s", (name, problem) => {
    const file = join(fixtures, name);
    const { code, out, notes } = answers[bad.findIndex(([each]) => each === name)]!;
    expect([code, out]).toEqual([2, ""]);
    expect(notes).toMatch(/^error: .+\n( {2}hint: .+\n)?$/);
    expect(notes).toContain(file);
    expect(notes).toMatch(problem);
    expect(readdirSync(folder)).toEqual([]);
    for (const place of [fixtures, tmpdir(), process.cwd()])
      expect(existsSync(join(place, "pwned-by-checkpoint"))).toBe(false);
  });
});

function momentsOf(values: readonly number[]): { mean: number; std: number } | undefined {
  if (values.length === 0) return undefined;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, std: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) };
}
