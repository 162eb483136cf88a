import { rmSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Dim, OnnxGraph, Tensor } from "../../api.ts";
import { differenceOf } from "../fixtures/difference.ts";
import { temporaryFolder, wave } from "../fixtures/runGraph.ts";
import { swiftShader, useSwiftShader } from "../fixtures/swiftShader.ts";
import { GraphBuilder } from "../graph.ts";
import { openSession } from "../session.ts";
import { writeGraph } from "../write.ts";
import { providerGraph } from "./providerGraph.ts";
import { rewriteGraph } from "./rewrite.ts";
import { attentionInProducts } from "./writtenOut.ts";

/** float32 sums of another order. */
const tolerance = 2e-6;

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Attention {
  readonly batch?: Dim;
  readonly queries: Dim;
  readonly keys: Dim;
  readonly heads: number;
  /** Gives the width of one head's queries and keys, and the width of its values. */
  readonly widths: readonly [number, number];
  readonly layout?: "in a row" | "by head";
  readonly bias?: "with bias" | "without bias";
  readonly scale?: number;
}

function attention(how: Attention): OnnxGraph {
  const { batch = 1, queries, keys, heads, widths, layout, bias, scale } = how;
  const graph = new GraphBuilder("attention");
  const taken = (name: string, width: number) =>
    graph.input(name, layout === "by head" ? [batch, heads, keys, width] : [batch, keys, heads * width]);
  const inputs = [
    graph.input("query", [batch, queries, heads * widths[0]]),
    taken("key", widths[0]),
    taken("value", widths[1]),
    ...(bias === "with bias" ? [undefined, undefined, graph.input("bias", [1, heads, queries, keys])] : []),
  ];
  const attributes = { num_heads: heads, scale: scale === undefined ? undefined : { float: scale } };
  graph.output("attended", graph.op("MultiHeadAttention", inputs, attributes));
  return graph.finish();
}

function waves(): OnnxGraph {
  const graph = new GraphBuilder("waves");
  const x = graph.input("x", [4001]);
  graph.output("sine", graph.op("Sin", [x]));
  graph.output("cosine", graph.op("Cos", [x]));
  return graph.finish();
}

/** The angles lie from -50 to 50: the arguments of SAM's position encoding, and beyond. */
const angles: Tensor = { dims: [4001], data: Float32Array.from({ length: 4001 }, (_, i) => (i - 2000) / 40) };

const cases: readonly (readonly [string, Attention])[] = [
  ["alike in length", { queries: 40, keys: 40, heads: 3, widths: [8, 8] }],
  ["with a bias", { queries: 40, keys: 40, heads: 3, widths: [8, 8], bias: "with bias" }],
  [
    "by head, with a bias and a scale",
    {
      queries: 64,
      keys: 24,
      heads: 2,
      widths: [12, 12],
      scale: 0.7,
      layout: "by head",
      bias: "with bias",
    },
  ],
  ["one query", { queries: 1, keys: 40, heads: 3, widths: [8, 8] }],
  [
    "of a batch and lengths that are known when it runs",
    {
      batch: "prompts",
      queries: "points",
      keys: "points",
      heads: 2,
      widths: [8, 8],
    },
  ],
];

describe.each(cases)("attention %s", (_, how) => {
  test("written out is the operator's", async () => {
    const graph = attention(how);
    const rewritten = providerGraph(graph, "webgpu");
    expect(operatorsOf(rewritten)).not.toContain("MultiHeadAttention");
    const expected = await run(graph, "cpu");
    const found = await run(rewritten, "cpu");
    expect(differenceOf(found.attended!, expected.attended!)).toBeLessThan(tolerance);
  });

  test.skipIf(swiftShader === undefined)(
    "is the processor's on WebGPU (needs SwiftShader: chromium and libvulkan1)",
    async () => {
      useSwiftShader();
      const graph = attention(how);
      const expected = await run(graph, "cpu");
      const found = await run(providerGraph(graph, "webgpu"), "webgpu");
      expect(differenceOf(found.attended!, expected.attended!)).toBeLessThan(1e-5);
    },
  );
});

test("queries go in equal parts where their scores are over a limit, by default 64 MiB", async () => {
  const how: Attention = { queries: 40, keys: 25, heads: 3, widths: [8, 8], bias: "with bias" };
  const graph = attention(how);
  // 12,000 bytes of scores, 4,800 allowed: 3 parts do not divide 40 queries, 4 do.
  const parted = rewriteGraph(graph, ({ operator, attributes }, inputs, builder) =>
    operator === "MultiHeadAttention" ? [attentionInProducts(builder, inputs, attributes, 4800)] : undefined,
  );
  expect(scoresOf(parted)).toEqual(Array.from({ length: 4 }, () => [1, 3, 10, 25]));
  const expected = await run(graph, "cpu");
  const found = await run(parted, "cpu");
  expect(differenceOf(found.attended!, expected.attended!)).toBeLessThan(tolerance);
  const large = providerGraph(attention({ ...how, queries: 2400, keys: 2400 }), "webgpu");
  expect(scoresOf(large)).toEqual([
    [1, 3, 1200, 2400],
    [1, 3, 1200, 2400],
  ]);
});

test("a product of transposed and scaled factors is written as the operators that providers have", async () => {
  const graph = new GraphBuilder("products");
  const x = graph.input("x", [2, 5, 4]);
  const weight = graph.constant("weight", "float32", [3, 4], () => Float32Array.from({ length: 12 }, (_, i) => i / 7));
  const rows = graph.op("FusedMatMul", [x, weight], { transB: 1, alpha: { float: 0.5 } });
  graph.output("y", graph.op("FusedMatMul", [x, rows], { transA: 1 }));
  const built = graph.finish();
  const expected = await run(built, "cpu");
  for (const provider of ["webgpu", "tensorrt"]) {
    const rewritten = providerGraph(built, provider);
    expect(operatorsOf(rewritten)).not.toContain("FusedMatMul");
    expect(differenceOf((await run(rewritten, "cpu")).y!, expected.y!)).toBeLessThan(tolerance);
  }
});

test("TensorRT gets no operator of Microsoft's attention", () => {
  const graph = attention({ queries: 40, keys: 40, heads: 3, widths: [12, 8] });
  expect(operatorsOf(providerGraph(graph, "tensorrt"))).not.toContain("MultiHeadAttention");
});

test("attention whose values have another width stays: WebGPU computes it right", () => {
  const graph = attention({ queries: 40, keys: 40, heads: 3, widths: [12, 8] });
  expect(providerGraph(graph, "webgpu")).toBe(graph);
});

test.each(["cpu", "cuda"])("on provider %s the operators stay", (provider) => {
  const graph = attention({ queries: 40, keys: 40, heads: 3, widths: [8, 8] });
  expect(providerGraph(graph, provider)).toBe(graph);
});

test("sine and cosine from sums and products are those of the processor", async () => {
  const rewritten = providerGraph(waves(), "webgpu");
  expect(operatorsOf(rewritten)).not.toContain("Sin");
  const { sine, cosine } = await run(rewritten, "cpu", { x: angles });
  for (const [i, angle] of angles.data.entries()) {
    expect(Math.abs(sine!.data[i]! - Math.sin(angle))).toBeLessThan(1e-5);
    expect(Math.abs(cosine!.data[i]! - Math.cos(angle))).toBeLessThan(1e-5);
  }
});

test.skipIf(swiftShader === undefined)(
  "what is written out is still wrong in the runtime: where this fails, the operator can stay (needs SwiftShader: chromium and libvulkan1)",
  async () => {
    useSwiftShader();
    const graph = attention({ queries: 40, keys: 40, heads: 3, widths: [8, 8] });
    const expected = await run(graph, "cpu");
    const found = await run(graph, "webgpu");
    expect(differenceOf(found.attended!, expected.attended!)).toBeGreaterThan(0.1);
    const sines = await run(waves(), "cpu", { x: angles });
    const coarse = await run(waves(), "webgpu", { x: angles });
    expect(differenceOf(coarse.sine!, sines.sine!)).toBeGreaterThan(1e-4);
  },
);

const scoresOf = ({ nodes, values }: OnnxGraph) =>
  nodes.filter(({ operator }) => operator === "Softmax").map(({ outputs }) => values.get(outputs[0]!)!.dims);

const operatorsOf = ({ nodes }: OnnxGraph) => nodes.map(({ operator }) => operator);

async function run(
  graph: OnnxGraph,
  provider: string,
  feeds = feedsOf(graph),
): Promise<Readonly<Record<string, Tensor>>> {
  const session = await openSession(writeGraph(graph, folder), { provider, threads: 1 });
  try {
    return await session.run(feeds);
  } finally {
    await session.close();
  }
}

/** Queries and keys of some size: with scores near 0 a wrong softmax hardly shows. */
function feedsOf({ inputs }: OnnxGraph): Readonly<Record<string, Tensor>> {
  const lengths: Readonly<Record<string, number>> = { prompts: 2, points: 37 };
  return Object.fromEntries(
    inputs.map(({ name, dims }) => {
      const { data, ...rest } = wave(dims.map((dim) => (typeof dim === "number" ? dim : lengths[dim]!)));
      return [name, { ...rest, data: data.map((value) => 2 * value) }];
    }),
  );
}
