import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HarnessError } from "../errors.ts";
import { swiftShader, useSwiftShader } from "../onnx/fixtures/swiftShader.ts";
import { bench, memoryConsole } from "./fixtures/bench.ts";
import { verify } from "./verify.ts";

const nano = fileURLToPath(new URL("../../variants/sam/fixtures/sam_nano.json", import.meta.url));
const golden = JSON.parse(readFileSync(nano, "utf8")) as Record<string, unknown>;
const names = [
  ...["image_embedding", "low_res_masks", "iou_predictions"],
  ...["with_mask_input.low_res_masks", "with_mask_input.iou_predictions"],
];

/** ms: its two cores take the place of a GPU's thousands, and other tests run beside. */
const onSoftwareDevice = 900_000;

interface Verdict {
  readonly graph: string;
  readonly outputs: Readonly<
    Record<string, { readonly maxError: number; readonly std: number; readonly ratio: number }>
  >;
  readonly passed: boolean;
}

let folder: string;
let before: string | undefined;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
  before = process.env.SAM_BENCH_HOME;
  process.env.SAM_BENCH_HOME = join(folder, "home");
});
afterAll(() => {
  if (before === undefined) delete process.env.SAM_BENCH_HOME;
  else process.env.SAM_BENCH_HOME = before;
  rmSync(folder, { recursive: true });
});

describe.each(["fused", "reference"])("the %s graph of sam-nano", (graph) => {
  test("gives what the authors' code gives", async () => {
    const { code, out, notes } = await bench(["verify", "sam-nano", nano, "--graph", graph, "--json"]);
    expect([code, notes]).toEqual([0, ""]);
    const verdict = JSON.parse(out) as Verdict;
    expect(Object.keys(verdict)).toEqual(["graph", "provider", "outputs", "passed"]);
    expect([verdict.graph, verdict.passed]).toEqual([graph, true]);
    expect(Object.keys(verdict.outputs).sort()).toEqual([...names].sort());
    for (const output of Object.values(verdict.outputs)) {
      expect(Object.keys(output)).toEqual(["maxError", "std", "ratio"]);
      expect(output.ratio).toBeCloseTo(output.maxError / output.std, 12);
      expect(output.maxError).toBeGreaterThan(0);
      expect(output.ratio).toBeLessThan(5e-5);
    }
  });

  test("exits with 1 where the tolerance is beyond float32, and says what is off", async () => {
    const { code, out, notes } = await bench(["verify", "sam-nano", nano, "--graph", graph, "--tolerance", "1e-9"]);
    expect([code, notes]).toEqual([1, ""]);
    for (const name of names) expect(out).toMatch(new RegExp(`^${name.replaceAll(".", "\\.")} .* off$`, "m"));
    expect(out).toMatch(/^failed: over 1e-9 of the std$/m);
  });
});

test.skipIf(swiftShader === undefined)(
  "WebGPU gives what the authors' code gives, encoder and decoder (needs SwiftShader: chromium and libvulkan1)",
  async () => {
    useSwiftShader();
    const { code, out } = await bench(["verify", "sam-nano", nano, "--provider", "webgpu", "--json"]);
    const verdict = JSON.parse(out) as Verdict;
    expect(Object.keys(verdict.outputs).sort()).toEqual([...names].sort());
    for (const output of Object.values(verdict.outputs)) expect(output.ratio).toBeLessThan(5e-5);
    expect(code).toBe(0);
  },
  onSoftwareDevice,
);

test("an unknown provider is a suggestion", async () => {
  const error = await failure("sam-nano", nano, { provider: "webgp" });
  expect(error.message).toMatch(/^unknown provider: webgp; did you mean webgpu\?$/);
});

type Change = (fixture: Record<string, unknown>) => void;
const without =
  (name: string): Change =>
  (fixture) =>
    delete fixture[name];
const put =
  (name: string, value: unknown): Change =>
  (fixture) => {
    fixture[name] = value;
  };
const weight = (name: string, shape: unknown) => put("state_dict", { ...(golden.state_dict as object), [name]: shape });
const noOutputs: Change = (fixture) => {
  for (const name of ["image_embedding", "low_res_masks", "iou_predictions"]) delete fixture[name];
};
const resized: Change = (fixture) => {
  fixture.image_size = 500;
  fixture.input = { ...(fixture.input as object), shape: [1, 3, 500, 500] };
};
const renamed: Change = (fixture) => {
  fixture.low_res_logits = fixture.low_res_masks;
  delete fixture.low_res_masks;
};

describe("a fixture that lacks or garbles a field is the user's mistake, and names it", () => {
  test.each<[string, Change, string]>([
    ["no input", without("input"), "field input is missing"],
    ["no image_size", without("image_size"), "field image_size is missing"],
    ["no state_dict", without("state_dict"), "field state_dict is missing"],
    ["labels without points", without("points"), "field points is missing"],
    ["points without labels", without("labels"), "field labels is missing"],
    ["outputs of a mask input without it", without("mask_input"), "field mask_input is missing"],
    ["a mask input without its outputs", without("with_mask_input"), "field with_mask_input is missing"],
    ["no outputs", noOutputs, "no output to compare with"],
    ["an output that the variant has not", renamed, "output low_res_logits of the fixture is not one of the variant"],
    [
      "points that are no points",
      put("points", [[1, 2], [3]]),
      "field points.0.0 is not as it should be (found expected tuple, received number)",
    ],
    [
      "fewer labels than points",
      put("labels", [[1], [1], [1]]),
      "field labels is not as it should be (found another number of labels than of points)",
    ],
    ["an input without its scale", put("input", { tensor: "x", shape: [1] }), "field input.scale is missing"],
    [
      "an input of another shape",
      put("input", { tensor: "x", scale: 1, offset: 0, shape: [1, 3, 8, 8] }),
      "field input has the wrong shape",
    ],
    [
      "weights of no shape",
      weight("image_encoder.pos_embed", 7),
      "field state_dict.image_encoder.pos_embed is not as it should be (found expected array, received number)",
    ],
    ["weights of another shape", weight("image_encoder.pos_embed", [7]), "has the wrong shape"],
    ["weights of another network", put("state_dict", { w: [7] }), "has no weight image_encoder."],
    [
      "a size that the encoder can not take",
      resized,
      "no side that its encoder takes (found 500 px, expected a multiple of 8 px)",
    ],
  ])("%s", async (_, change, problem) => {
    const fixture = structuredClone(golden);
    change(fixture);
    const error = await failure("sam-nano", write("fixture.json", JSON.stringify(fixture)));
    expect(error.message).toContain(problem);
    expect(error.message).not.toContain("\n");
  });

  test.each([
    ["no JSON", "{", "not JSON (found {)"],
    ["no object", "[1]", "the record is not as it should be (found expected record, received array)"],
  ])("%s", async (_, text, problem) => {
    const file = write("fixture.json", text);
    expect((await failure("sam-nano", file)).message).toBe(`${file}: ${problem}`);
  });

  test("no file", async () => {
    const file = join(folder, "none.json");
    expect((await failure("sam-nano", file)).message).toBe(`${file}: the fixture does not exist`);
  });
});

test("a wrong output value fails, and so does one that is no number", async () => {
  for (const wrong of [1e3, null]) {
    const fixture = structuredClone(golden) as { image_embedding: { value: (number | null)[] } };
    fixture.image_embedding.value[7] = wrong;
    const file = write("fixture.json", JSON.stringify(fixture));
    if (wrong === null)
      expect((await failure("sam-nano", file)).message).toContain(
        "field image_embedding.value.7 is not as it should be (found expected number, received null)",
      );
    else expect(await verify.run(args("sam-nano", file), memoryConsole())).toBe(1);
  }
});

test("an unknown variant is a suggestion, and builds nothing", async () => {
  const error = await failure("sam-nan", nano);
  expect(error.message).toMatch(/^unknown variant: sam-nan; did you mean sam-nano\?$/);
});

test("a tolerance and threads have to make sense", async () => {
  for (const tolerance of [0, -1, Number.NaN])
    expect((await failure("sam-nano", nano, { tolerance })).message).toContain("--tolerance: must be above 0");
  for (const threads of [0, -2, 1.5])
    expect((await failure("sam-nano", nano, { threads })).message).toContain(
      "--threads: must be a whole number above 0",
    );
});

function args(variant: string, fixture: string, more = {}) {
  return { variant, fixture, graph: "fused", provider: "cpu", tolerance: 2e-4, threads: 1, json: true, ...more };
}

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

async function failure(variant: string, fixture: string, more = {}): Promise<HarnessError> {
  const console = memoryConsole();
  const error = await verify.run(args(variant, fixture, more), console).then(
    (code) => code,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(HarnessError);
  expect(console.said).toEqual({ out: "", notes: "" });
  return error as HarnessError;
}
