import { afterEach, beforeEach, expect, test } from "vitest";
import { HarnessError } from "../errors.ts";
import type { RunFlags } from "../plan/runFlags.ts";
import type { StoredRun } from "../store/store.ts";
import { type PluginTrial, patience, pluginTrial } from "./fixtures/pluginTrial.ts";
import { type Wrapping, wrappedNano } from "./fixtures/wrappedNano.ts";

const quick: RunFlags = { dataset: "shapes", prompts: "box", limit: 2, rounds: 1, warmup: 0, threads: 1 };

let trial: PluginTrial;
beforeEach(() => {
  trial = pluginTrial();
});
afterEach(() => trial.remove());

const tooMany = "(all) => all.map((one) => ({ ...one, lowResLogits: { ...one.lowResLogits, dims: [4, 32, 32] } }))";

test(
  "logits that do not fill their dimensions are no figure, in either phase",
  async () => {
    const wrapping = { id: "wrong", decoded: tooMany };
    const found =
      "wrong: decode, prompt 1, low-res logits: wrong number of values (found 65536, expected 4096, 4 x 32 x 32)";
    const [accuracy] = await run(wrapping, { ...quick, phase: "accuracy" });
    const rows = [];
    for await (const row of accuracy!.rows()) rows.push(row);
    expect(rows).toEqual([1, 2].map((image) => ({ kind: "failure", image, message: found })));
    const [latency] = await run(wrapping, { ...quick, phase: "latency" });
    expect(latency!.manifest.status).toEqual({ state: "failed", message: expect.stringContaining(found) });
    expect(await latency!.latency()).toEqual([]);
  },
  patience,
);

test.each([
  [
    "throws",
    "(x) => x.preset.nothing.id",
    /^odd: build failed in its plug-in \(found TypeError: .+\(reading 'id'\), at .+odd\.mts:\d+:\d+\)$/,
  ],
  [
    "throws when a weight is read",
    "(x) => ({ ...x, checkpoint: { ...x.checkpoint, take: (name, dims) => ({ ...x.checkpoint.take(name, dims), read: () => missing(name) }) } })",
    /^odd: build failed in its plug-in \(found ReferenceError: missing is not defined, at .+odd\.mts:\d+:\d+\)$/,
  ],
  [
    "writes a graph outside of its folder",
    '(x) => ({ ...x, out: { ...x.out, write: (name, graph) => x.out.write("../" + name, graph) } })',
    /^odd: out\.write: no name for a graph \(found \.\.\/encoder, expected letters/,
  ],
  [
    "writes two graphs of one name",
    '(x) => ({ ...x, out: { ...x.out, write: (name, graph) => x.out.write("one", graph) } })',
    /^odd: out\.write: the graph one is written twice/,
  ],
])("a build that %s is its author's to mend, by file and line or by name", async (_, context, message) => {
  const error = await run({ id: "odd", context }, quick).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(HarnessError);
  expect((error as HarnessError).message).toMatch(message);
});

async function run(wrapping: Wrapping, flags: RunFlags, ...others: readonly string[]): Promise<readonly StoredRun[]> {
  const variants = [wrapping.id, ...others].join(",");
  return trial.run(wrappedNano(trial.folder, wrapping), { ...flags, variants });
}
