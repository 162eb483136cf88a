import { expect, test } from "vitest";
import type { GraphValue, Tensor } from "../../../harness/api.ts";
import { runGraph } from "../../../harness/onnx/fixtures/runGraph.ts";
import { GraphBuilder } from "../../../harness/onnx/index.ts";
import { seededCheckpoint, seededTensor } from "../../../harness/weights/index.ts";
import { samConfigs } from "../../sam/config.ts";
import { encoderStages } from "../graphs/encoderStages.ts";
import { type Model, stageGraph } from "../graphs/stages.ts";
import { floatPlaces } from "./places.ts";
import { noTaps, tappedPlaces } from "./tap.ts";

const config = samConfigs["sam-nano"];
const model: Model = { config, checkpoint: seededCheckpoint() };
const tokens = (config.side / config.patch) ** 2;
const seed = 3;
const stream: Tensor = { dims: [1, tokens, config.width], data: seededTensor("stream", [1, tokens, config.width]) };

// Tapped, attention is one operator and some rows of probabilities beside it; otherwise all of them are written down.
test.each([
  ["in windows", 0, config.window ** 2],
  ["over the whole image", config.globalBlocks[0]!, tokens],
])("attention %s: what a tapped graph hands on and shows is what all probabilities give", async (_, block, columns) => {
  const stage = encoderStages(config).find(({ name }) => name === `image_encoder.blocks.${block}.attn`)!;
  const place = `${stage.name}.softmax`;
  const maps = (tokens / columns) * config.heads;
  const taps = noTaps();
  const tapped = await runGraph(
    stageGraph(model, stage, (graph) => tappedPlaces(graph, taps, { seed })),
    { stream },
  );
  const [piece] = taps.softmax.get(place)!;
  const seen = tappedPlaces(new GraphBuilder("none"), noTaps(), { seed }).seenRows!(place, {
    maps,
    rows: columns,
    columns,
  });

  const written = await runGraph(
    stageGraph(model, stage, (graph) => ({
      ...floatPlaces,
      softmax(_place, { probabilities, part }): GraphValue {
        graph.output(`piece.${part}`, probabilities);
        return probabilities;
      },
    })),
    { stream },
  );
  expect(furthest(tapped["next.stream"]!.data, written["next.stream"]!.data)).toBeLessThan(2e-5);

  // [groups, heads, rows, columns] of each piece of rows, one piece after the other.
  const row = (map: number, index: number) => {
    const rows = written["piece.0"]!.dims[2]!;
    const at = (map * rows + (index % rows)) * columns;
    return written[`piece.${Math.floor(index / rows)}`]!.data.subarray(at, at + columns);
  };
  const shown = tapped[piece!]!;
  expect(shown.dims.slice(2)).toEqual([seen.length, columns]);
  for (const map of [0, maps - 1])
    for (const [i, index] of [...seen.entries()].filter(([each]) => each % 7 === 0)) {
      const at = (map * seen.length + i) * columns;
      expect(furthest(shown.data.subarray(at, at + columns), row(map, index))).toBeLessThan(1e-6);
    }
});

test("the rows that a place looks at are a sample where all would be many, and all otherwise", () => {
  const { seenRows } = tappedPlaces(new GraphBuilder("none"), noTaps(), { seed });
  const many = { maps: 12, rows: 4096, columns: 4096 };
  const rows = seenRows!("a", many);
  expect(rows).toHaveLength(21);
  expect(new Set(rows).size).toBe(21);
  expect(rows).toEqual(rows.toSorted((a, b) => a - b));
  expect(seenRows!("b", many)).not.toEqual(rows);
  expect(seenRows!("a", { maps: 4, rows: 49, columns: 49 })).toEqual([...Array(49).keys()]);
});

function furthest(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}
