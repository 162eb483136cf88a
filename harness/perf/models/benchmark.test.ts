import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { memoryConsole } from "../../commands/fixtures/bench.ts";
import { printRatios, printSamples } from "../comparison.ts";
import { benchmark } from "./benchmark.ts";
import { candidateWay } from "./candidateWay.ts";
import type { Way } from "./way.ts";

const linear = fileURLToPath(new URL("../../fuzz/corpus/onnx/linear.onnx", import.meta.url));

function graphWay(name: string, file = linear): Way {
  const steps = [{ file, feeds: { x: { dims: [1, 4], low: -1, high: 1 } }, calls: 2 }];
  return candidateWay({ name, gmacs: 3, steps });
}

const args = { rounds: 3, warmup: 1, threads: 1 };

test("two candidates take their measured turns in processes of their own, interleaved or one after the other", async () => {
  for (const apart of [false, true]) {
    const console = memoryConsole();
    await benchmark([graphWay("fused"), graphWay("published")], { ...args, apart }, console);
    const { out } = console.said;
    for (const name of ["fused", "published"]) expect(out).toMatch(new RegExp(`^${name} .* 3 +\\d+$`, "m"));
    expect(out).toMatch(/^cpu {5}fused \/ published: \d.* ms$/m);
    expect(out).toMatch(/^work {4}fused \/ published: 1\.000 /m);
    expect(out).toMatch(/^memory {2}fused \/ published: \d/m);
    expect(out).toContain(apart ? "one after the other" : "interleaved");
  }
}, 60_000);

test("a candidate that can not be loaded ends the benchmark with its own words", async () => {
  const broken = graphWay("broken", "no-such.onnx");
  await expect(benchmark([broken, graphWay("fused")], { ...args, apart: true }, memoryConsole())).rejects.toThrow(
    "no-such.onnx",
  );
}, 60_000);

test("rows have medians and quartiles, and the ratio is that of the medians with its interval", () => {
  const console = memoryConsole();
  const a = { name: "fused", gmacs: 3, durationMs: [10, 12, 14], cpuMs: [20, 22, 24], peakBytes: 200e6 };
  const b = { name: "published", gmacs: 8, durationMs: [20, 24, 28], cpuMs: [40, 44, 48], peakBytes: 400e6 };
  printSamples("", [a, b], 1, console);
  printRatios(a, b, true, console);
  expect(console.said.out).toMatchInlineSnapshot(`
    "           median ms  quartiles     n  peak MB
    ---------  ---------  ------------  -  -------
    fused           12.0  11.0 to 13.0  3      200
    published       24.0  22.0 to 26.0  3      400

    time    fused / published: 0.500 (95 % interval 0.500 to 0.500)
    work    fused / published: 0.375 (multiply-accumulates that the graphs execute)
    cpu     fused / published: 0.500 (95 % interval 0.500 to 0.500); published 42 to 46 ms, fused 21 to 23 ms
    memory  fused / published: 0.500 (peak of each process, loading included)
    "
  `);
});
