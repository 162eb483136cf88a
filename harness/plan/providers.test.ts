import { expect, test } from "vitest";
import type { HarnessError } from "../errors.ts";
import { providers } from "../onnx/index.ts";
import { nameOfChosen } from "./models/weights.ts";
import { resolvePlan } from "./plan.ts";
import { runtimeOf } from "./point.ts";
import { providersOf } from "./providers.ts";

const other = providers().find((name) => name !== "cpu")!;

test("each variant is measured once for each provider, and floors once", async () => {
  const plan = await resolvePlan({
    variants: "sam-nano,mobilesam-nano",
    provider: `cpu,${other}`,
    dataset: "shapes",
    limit: 1,
    prompts: "box",
    baseline: true,
  });
  const rows = plan.chosen.map((each) => [nameOfChosen(each), runtimeOf(plan, each).provider]);
  expect(rows.slice(0, 4)).toEqual([
    ["sam-nano", "cpu"],
    [`sam-nano@${other}`, other],
    ["mobilesam-nano", "cpu"],
    [`mobilesam-nano@${other}`, other],
  ]);
  expect(rows.slice(4)).toEqual([[expect.any(String), "cpu"]]);
});

test("providers keep the order in which they are named", () => {
  expect(providersOf("cpu")).toEqual(["cpu"]);
  expect(providersOf(`${other}, cpu`)).toEqual([other, "cpu"]);
});

test("a provider that stands twice, that is unknown or that this build lacks is a mistake with a hint", () => {
  expect(() => providersOf("cpu,cpu")).toThrow("--provider: cpu stands twice");
  expect(() => providersOf("cpu,webgpuu")).toThrow("unknown provider: webgpuu; did you mean webgpu?");
  const lacking = ["coreml", "dml"].find((name) => !providers().includes(name))!;
  const error = errorOf(() => providersOf(`cpu,${lacking}`));
  expect(error.message).toContain(`--provider ${lacking}: this build of ONNX Runtime does not carry it (found cpu, `);
  expect(error.hint).toMatch(/^the build for (macOS|Windows) does/);
});

test("a row's name is no variant to run, and the hint names its provider", async () => {
  const error = await resolvePlan({ variants: "sam-nano@webgpu", dataset: "shapes" }).catch(
    (reason: unknown) => reason,
  );
  expect((error as HarnessError).message).toContain("sam-nano@webgpu: the provider is no part of a variant's name");
  expect((error as HarnessError).hint).toBe("name sam-nano, and the provider apart: --provider webgpu");
});

function errorOf(wrong: () => unknown): HarnessError {
  try {
    wrong();
  } catch (error) {
    return error as HarnessError;
  }
  throw new Error("nothing was thrown");
}
