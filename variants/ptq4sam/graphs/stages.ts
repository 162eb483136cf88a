import type { Checkpoint, Dim, OnnxGraph } from "../../../harness/api.ts";
import { GraphBuilder } from "../../../harness/onnx/index.ts";
import type { SamConfig } from "../../sam/config.ts";
import type { MaskPrompts } from "../../sam-decoder/maskDecoder.ts";
import type { Places, QuantizableModule } from "../calibrate/places.ts";
import { decoderStages } from "./decoderStages.ts";
import { encoderStages } from "./encoderStages.ts";
import type { Stage, State } from "./stage.ts";

export interface Model {
  readonly config: SamConfig;
  readonly checkpoint: Checkpoint;
}

/** Builds a whole graph, with what `placesIn` puts at the quantisers' places. */
export function wholeGraph(
  { config, checkpoint }: Model,
  name: "encoder" | "decoder" | "decoder-mask",
  placesIn: (graph: GraphBuilder) => Places,
): OnnxGraph {
  const graph = new GraphBuilder(name);
  const stages = name === "encoder" ? encoderStages(config) : decoderStages(config.decoder, promptsOf(name));
  return chained(graph, { graph, checkpoint, path: "", places: placesIn(graph) }, stages, config);
}

/** Builds one stage alone. The values that it hands on have the names of `nextName`. */
export function stageGraph(
  { config, checkpoint }: Model,
  stage: Stage,
  placesIn: (graph: GraphBuilder) => Places,
): OnnxGraph {
  const graph = new GraphBuilder(stage.name);
  return chained(graph, { graph, checkpoint, path: "", places: placesIn(graph) }, [stage], config);
}

function chained(graph: GraphBuilder, root: QuantizableModule, stages: readonly Stage[], config: SamConfig): OnnxGraph {
  const dims = dimsOf(config);
  const inputs = stages.flatMap((stage, i) => stage.inputs.filter((name) => !givenBefore(stages, i, name)));
  let state: State = Object.fromEntries([...new Set(inputs)].map((name) => [name, graph.input(name, dims[name]!)]));
  for (const stage of stages) state = { ...state, ...stage.add(root, state) };
  for (const name of stages.at(-1)!.outputs) graph.output(outputName(name, stages), state[name]!);
  return graph.finish();
}

function givenBefore(stages: readonly Stage[], index: number, name: string): boolean {
  return stages.slice(0, index).some(({ outputs }) => outputs.includes(name));
}

/**
 * Returns an output's name. A stage alone may give a value the name that it took it by; a graph's outputs need names of their
 * own.
 */
function outputName(name: string, stages: readonly Stage[]): string {
  return stages.length === 1 ? nextName(name) : name;
}

/** Returns the name that a stage's graph has for the value that it hands on under `name`. */
export function nextName(name: string): string {
  return `next.${name}`;
}

function promptsOf(name: "decoder" | "decoder-mask"): MaskPrompts {
  return name === "decoder" ? "points and boxes" : "points, boxes and a mask";
}

function dimsOf({ side, patch, width, decoder }: SamConfig): Readonly<Record<string, readonly Dim[]>> {
  const { embedding, grid } = decoder;
  const tokens = ["prompts", "points+5", embedding];
  return {
    image: [1, 3, side, side],
    stream: [1, (side / patch) ** 2, width],
    image_embedding: [1, embedding, grid, grid],
    point_coords: ["prompts", "points", 2],
    point_labels: ["prompts", "points"],
    mask_input: ["prompts", 1, 4 * grid, 4 * grid],
    tokens,
    queries: tokens,
    keys: ["prompts", grid * grid, embedding],
  };
}
