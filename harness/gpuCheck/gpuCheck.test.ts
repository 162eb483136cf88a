import { expect, test } from "vitest";
import type { RunReport } from "../results/report.ts";
import { providerToCheck, triedLines } from "./providers.ts";
import { runSteps } from "./runSteps.ts";
import { stepsOf } from "./steps.ts";
import { verdictsOf, verdictText } from "./verdict.ts";

const states = [
  { name: "cpu", usable: true },
  { name: "webgpu", usable: true },
  { name: "cuda", usable: false, problem: "CUDA 12 must be installed" },
];

const running = (codes: Readonly<Record<string, number>>, signal = new AbortController().signal) => {
  const told: string[] = [];
  return {
    told,
    signal,
    nowMs: () => 0,
    begun: (done: number, total: number, title: string) => void told.push(`${title} ${done}/${total}`),
    bench: async ([name]: readonly string[]) => ({ code: codes[name!] ?? 0, last: `the end of ${name}` }),
  };
};

const steps = ["verify", "run", "report"].map((name) => ({ title: `to ${name}`, words: [name], seconds: 10 }));

test("a step that fails does not stop the others, and says what the command said last", async () => {
  const how = running({ run: 3 });
  const outcomes = await runSteps(steps, how);
  expect(outcomes.map(({ state, message }) => [state, message])).toEqual([
    ["held", undefined],
    ["failed", "the end of run"],
    ["held", undefined],
  ]);
  expect(how.told).toEqual(["to verify 0/30", "to run 10/30", "to report 20/30"]);
});

test("Ctrl-C leaves out the steps that are left", async () => {
  const stop = new AbortController();
  stop.abort();
  expect(await runSteps(steps, running({}, stop.signal))).toEqual([]);
});

test("the provider is the one that is named, or the best that opens a graph", () => {
  expect(providerToCheck(states, undefined)).toBe("webgpu");
  expect(providerToCheck([...states, { name: "tensorrt", usable: true }], undefined)).toBe("tensorrt");
  expect(providerToCheck(states, "cuda")).toBeUndefined();
  expect(providerToCheck([states[0]!], undefined)).toBeUndefined();
});

test("what was tried is told with the reason why it opens no graph", () => {
  expect(triedLines(states, "cuda")).toEqual(["cuda: CUDA 12 must be installed"]);
  expect(triedLines(states, "dml")).toEqual(["dml: this build of ONNX Runtime does not carry it"]);
});

test("every step of the check measures on the processor and the provider, and keeps it in one folder", () => {
  const whole = stepsOf({ provider: "cuda", out: "/sent", size: "whole" });
  const runs = whole.filter(({ words }) => words[0] === "run");
  expect(runs).toHaveLength(2);
  for (const { words } of runs) expect(words.join(" ")).toContain("--provider cpu,cuda --results /sent/results");
  expect(stepsOf({ provider: "cuda", out: "/sent", size: "quick" }).length).toBeLessThan(whole.length);
});

test("a row holds where it is within 0.1 % of the processor's std", () => {
  const row = (variant: string, encode: number) => ({ variant, providerError: { encode } }) as RunReport;
  const rows = [row("sam-nano@cuda", 1e-3), row("blvit-nano@cuda", 0.002), row("sam-nano", 5)];
  const verdicts = verdictsOf([{ title: "to run", state: "failed", message: "no memory", seconds: 1 }], rows, "cuda");
  expect(verdictText(verdicts).split("\n")).toEqual([
    "does not hold  to run: no memory",
    "holds  sam-nano@cuda: agrees with the processor, off by 0.001 of the std at most",
    "does not hold  blvit-nano@cuda: differs from the processor, off by 0.002 of the std at most",
  ]);
});
