import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Checkpoint, GraphKind, OnnxGraph, Tensor, VariantPlugin } from "../../harness/api.ts";
import { writeGraph } from "../../harness/onnx/index.ts";
import { isBuffer, seededCheckpoint, seededTensor } from "../../harness/weights/index.ts";
import fastsam from "./variant.ts";

interface Sampled {
  readonly shape: readonly number[];
  readonly std: number;
  readonly index: readonly number[];
  readonly value: readonly number[];
}

type Golden = Readonly<Record<"boxes" | "scores" | "coefficients" | "prototypes", Sampled>> & {
  readonly image_size: number;
  readonly input: {
    readonly tensor: string;
    readonly scale: number;
    readonly offset: number;
    readonly shape: readonly number[];
  };
  readonly state_dict: Readonly<Record<string, readonly number[]>>;
};

const plugin: VariantPlugin & Pick<Required<VariantPlugin>, "loadRaw"> = fastsam;
const cpu = { provider: "cpu", threads: 2 };
/** The largest error allowed, over the output's std: float32 sums in another order come to less. */
const tolerance = 2e-5;
const small = golden("fastsam_s.json");

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.each<[string, GraphKind, Golden]>([
  ["fastsam-s", "fused", small],
  ["fastsam-s", "reference", small],
  ["fastsam-x", "fused", golden("fastsam_x.json")],
])("%s, %s", (id, kind, expected) => {
  test("gives PyTorch's boxes, scores, coefficients and prototypes", async () => {
    const graph = await graphOf(id, kind, { side: expected.image_size });
    const place = mkdtempSync(join(folder, `${id}-${kind}-`));
    const raw = await plugin.loadRaw({ encoder: writeGraph(graph, place) }, cpu, preset(id));
    const { tensor, scale, offset, shape } = expected.input;
    const image = { dims: shape, data: seededTensor(tensor, shape).map((value) => value * scale + offset) };
    const outputs = await raw.encode(image);
    await raw.close();
    for (const name of ["boxes", "scores", "coefficients", "prototypes"] as const)
      expect(errorOf(outputs[name]!, expected[name])).toBeLessThan(tolerance);
  });
});

test.each([
  ["fastsam-s", 11_790_483],
  ["fastsam-x", 71_751_811],
])("%s has %i parameters, as the module has in PyTorch", async (id, parameters) => {
  for (const kind of ["fused", "reference"] as const) expect(parametersOf(await graphOf(id, kind))).toBe(parameters);
  const printed = preset(id).printed!.parameters!;
  expect(Math.abs(parameters / printed - 1)).toBeLessThan(0.005);
});

test.each<GraphKind>(["fused", "reference"])("%s takes every tensor of the published checkpoint", async (kind) => {
  const taken = new Map<string, readonly number[]>();
  const seeded = seededCheckpoint();
  const take: Checkpoint["take"] = (name, dims) => {
    taken.set(name, dims);
    return seeded.take(name, dims);
  };
  await graphOf("fastsam-s", kind, { checkpoint: { ...seeded, take } });
  const published = Object.entries(small.state_dict).filter(([name]) => !name.endsWith("num_batches_tracked"));
  expect([...taken].sort()).toEqual(published.sort());
  const counted = published.filter(([name]) => !isBuffer(name)).map(([, dims]) => dims.reduce((a, b) => a * b, 1));
  expect(counted.reduce((a, b) => a + b, 0)).toBe(11_790_483);
});

test("a side that 32 does not divide is refused", async () => {
  await expect(graphOf("fastsam-s", "fused", { side: 200 })).rejects.toThrow(
    "fastsam-s: the input side must be a multiple of 32 (found 200)",
  );
});

async function graphOf(
  id: string,
  graph: GraphKind,
  { side, checkpoint = seededCheckpoint() }: { readonly side?: number; readonly checkpoint?: Checkpoint } = {},
): Promise<OnnxGraph> {
  const graphs: OnnxGraph[] = [];
  const write = async (name: string, built: OnnxGraph) => void graphs.push({ ...built, name });
  const sized = side === undefined ? {} : { side };
  await plugin.build({ preset: preset(id), checkpoint, graph, ...sized, out: { write } });
  expect(graphs.length).toBe(1);
  return graphs[0]!;
}

function preset(id: string) {
  return plugin.presets.find((each) => each.id === id)!;
}

function parametersOf({ counts }: OnnxGraph): number {
  return [...counts.parameters.values()].reduce((sum, count) => sum + count, 0);
}

function golden(name: string): Golden {
  return JSON.parse(readFileSync(fileURLToPath(new URL(`fixtures/${name}`, import.meta.url)), "utf8")) as Golden;
}

/** Returns the largest error of the sampled values, over the output's std. */
function errorOf({ dims, data }: Tensor, { shape, std, index, value }: Sampled): number {
  expect(dims).toEqual(shape);
  return Math.max(...index.map((at, i) => Math.abs(data[at]! - value[i]!))) / std;
}
