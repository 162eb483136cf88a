import { expect, test } from "vitest";
import { HarnessError } from "../errors.ts";
import { findBrowser } from "../web/browser.ts";
import { nameOfChosen } from "./models/weights.ts";
import { resolvePlan } from "./plan.ts";
import { runtimeOf } from "./point.ts";
import { plannedProviders } from "./providers.ts";
import type { RunFlags } from "./runFlags.ts";

const flags = { dataset: "shapes", limit: 1, prompts: "box", threads: 2, runtime: "web" } as const;

async function errorOf(given: RunFlags): Promise<HarnessError> {
  const error = await resolvePlan(given).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(HarnessError);
  return error as HarnessError;
}

test("pages compute with one thread and with all of the plan, and Node beside them where it is asked for", () => {
  expect(plannedProviders({ runtime: "web" }, 2)).toEqual(["web-wasm1", "web-wasm2"]);
  expect(plannedProviders({ runtime: "web" }, 1)).toEqual(["web-wasm1"]);
  expect(plannedProviders({ runtime: "node, web" }, 4)).toEqual(["cpu", "web-wasm1", "web-wasm4"]);
  expect(plannedProviders({ provider: "cpu,web-wasm3,web-webgpu" }, 4)).toEqual(["cpu", "web-wasm3", "web-webgpu"]);
});

test("an unknown runtime, and providers of Node without Node, are mistakes", () => {
  expect(() => plannedProviders({ runtime: "webb" }, 1)).toThrow("unknown runtime: webb; did you mean web?");
  expect(() => plannedProviders({ runtime: "web", provider: "webgpu" }, 1)).toThrow(
    "--provider: names providers of the runtime for Node, and it is not asked for",
  );
});

test.skipIf(findBrowser() === undefined)("a row of a page has the threads that its name says", async () => {
  const plan = await resolvePlan({ ...flags, variants: "sam-nano" });
  expect(plan.chosen.map((each) => [nameOfChosen(each), runtimeOf(plan, each)])).toEqual([
    ["sam-nano@web-wasm1", { provider: "web-wasm1", threads: 1 }],
    ["sam-nano@web-wasm2", { provider: "web-wasm2", threads: 2 }],
  ]);
});

test.skipIf(findBrowser() === undefined)("what no page answers for yet is refused, and left out of all", async () => {
  const { message, hint } = await errorOf({ ...flags, variants: "fastsam-s", weights: "seeded" });
  expect(message).toContain("fastsam-s: can not run in a page yet (found the rules fastsam, ");
  expect(hint).toContain("without --runtime web");
  expect((await errorOf({ ...flags, variants: "sam-nano", prompts: "anything" })).message).toContain("everything mode");
  expect((await errorOf({ ...flags, variants: "sam-nano", energy: true })).message).toContain("--energy");
  const { chosen, leftOut } = await resolvePlan({ ...flags, variants: "all", weights: "seeded" });
  expect(chosen.map(nameOfChosen)).toContain("mobilesam@web-wasm2");
  expect(leftOut.map(({ variant }) => variant)).toContain("fastsam-s@web-wasm2");
});
