import type { Checkpoint, Dim, GraphValue, OnnxGraph } from "../../harness/api.ts";
import { add, child, concat, GraphBuilder, type Module, split } from "../../harness/onnx/index.ts";
import { type FastSamConfig, prototypes } from "./config.ts";
import type { Convolution } from "./convolution.ts";
import { segmentHead } from "./segmentHead.ts";

/**
 * Builds YOLOv8-seg with one class: `image` [1, 3, side, side], RGB in 0 … 1 → `boxes` [1, 4, anchors] (centre and size, model
 * pixels), `scores` [1, 1, anchors], `coefficients` [1, 32, anchors], `prototypes` [1, 32, side / 4, side / 4]. Anchors go
 * stride by stride, row by row. Modules are named by their line in the authors' description.
 * Source: ultralytics, cfg/models/v8/yolov8-seg.yaml and nn/modules.
 */
export function network(config: FastSamConfig, checkpoint: Checkpoint, convolution: Convolution): OnnxGraph {
  const graph = new GraphBuilder("encoder");
  const model: Module = { graph, checkpoint, path: "model" };
  const image = graph.input("image", [1, 3, config.side, config.side]);
  const maps = neck(model, backbone(model, image, config, convolution), config, convolution);
  const outputs = segmentHead(child(model, "22"), maps, config, convolution);
  for (const [name, value] of Object.entries(outputs)) graph.output(name, value);
  return graph.finish();
}

/** The maps of strides 8, 16 and 32. */
type Maps = readonly [GraphValue, GraphValue, GraphValue];

function backbone(
  model: Module,
  image: GraphValue,
  { channels, depths }: FastSamConfig,
  convolution: Convolution,
): Maps {
  const halve = (line: number, x: GraphValue, inputs: number, outputs: number) =>
    convolution(child(model, String(line)), x, { inputs, outputs, kernel: 3, stride: 2 });
  const maps: GraphValue[] = [];
  let x = halve(0, image, 3, channels[0]);
  for (const [stage, blocks] of depths.entries()) {
    const inputs = channels[stage]!;
    const outputs = channels[stage + 1]!;
    const smaller = halve(2 * stage + 1, x, inputs, outputs);
    const how = { inputs: outputs, outputs, blocks, shortcut: "with shortcut" } as const;
    x = crossStage(child(model, String(2 * stage + 2)), smaller, how, convolution);
    maps.push(x);
  }
  const [, stride8, stride16, stride32] = maps as [GraphValue, GraphValue, GraphValue, GraphValue];
  return [stride8, stride16, pyramidPooling(child(model, "9"), stride32, channels[4], convolution)];
}

/** Adds the neck: it goes down to stride 8 and up again, and joins each step with the map of its size. */
function neck(model: Module, maps: Maps, { channels, depths }: FastSamConfig, convolution: Convolution): Maps {
  const { graph } = model;
  const [, , small, middle, large] = channels;
  const merge = (line: number, parts: readonly GraphValue[], inputs: number, outputs: number) => {
    const how = { inputs, outputs, blocks: depths[0], shortcut: "without shortcut" } as const;
    return crossStage(child(model, String(line)), concat(graph, parts, 1), how, convolution);
  };
  const halve = (line: number, x: GraphValue, width: number) =>
    convolution(child(model, String(line)), x, { inputs: width, outputs: width, kernel: 3, stride: 2 });

  const [stride8, stride16, stride32] = maps;
  const down16 = merge(12, [doubled(model, stride32), stride16], large + middle, middle);
  const out8 = merge(15, [doubled(model, down16), stride8], middle + small, small);
  const out16 = merge(18, [halve(16, out8, small), down16], small + middle, middle);
  const out32 = merge(21, [halve(19, out16, middle), stride32], middle + large, large);
  return [out8, out16, out32];
}

interface CrossStage {
  readonly inputs: number;
  readonly outputs: number;
  readonly blocks: number;
  readonly shortcut: "with shortcut" | "without shortcut";
}

/**
 * Adds a C2f: half of the channels go through a chain of bottlenecks, and the last convolution sees every link of the chain.
 */
function crossStage(module: Module, x: GraphValue, how: CrossStage, convolution: Convolution): GraphValue {
  const { graph } = module;
  const { inputs, outputs, blocks, shortcut } = how;
  const width = outputs / 2;
  return graph.within(module.path, () => {
    const joint = convolution(child(module, "cv1"), x, { inputs, outputs, kernel: 1 });
    const links = split(graph, joint, 1, [width, width]);
    for (let i = 0; i < blocks; i++) {
      const block = child(module, `m.${i}`);
      const last = links.at(-1)!;
      const kernel = { inputs: width, outputs: width, kernel: 3 } as const;
      const hidden = convolution(child(block, "cv1"), last, kernel);
      const branch = convolution(child(block, "cv2"), hidden, kernel);
      links.push(shortcut === "with shortcut" ? add(graph, last, branch) : branch);
    }
    const kept = { inputs: links.length * width, outputs, kernel: 1 } as const;
    return convolution(child(module, "cv2"), concat(graph, links, 1), kept);
  });
}

/** Adds an SPPF: it takes maxima over 5, 9 and 13 cells by applying one pooling of 5 once, twice and three times. */
function pyramidPooling(module: Module, x: GraphValue, width: number, convolution: Convolution): GraphValue {
  const { graph } = module;
  return graph.within(module.path, () => {
    const pooled = [convolution(child(module, "cv1"), x, { inputs: width, outputs: width / 2, kernel: 1 })];
    for (let i = 0; i < 3; i++)
      pooled.push(graph.op("MaxPool", [pooled.at(-1)!], { kernel_shape: [5, 5], pads: [2, 2, 2, 2] }));
    const how = { inputs: 2 * width, outputs: width, kernel: 1 } as const;
    return convolution(child(module, "cv2"), concat(graph, pooled, 1), how);
  });
}

/** Returns the map with rows and columns doubled: each cell stands four times. */
function doubled({ graph }: Module, x: GraphValue): GraphValue {
  const [batch, channels, rows, columns] = x.dims as [number, number, number, number];
  const how = { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" };
  const sizes = graph.op("Mul", [graph.op("Shape", [x]), graph.ints([1, 1, 2, 2])]);
  return graph.op("Resize", [x, undefined, undefined, sizes], how, {
    vouched: [batch, channels, 2 * rows, 2 * columns],
  });
}

/**
 * Returns the same graph for images of any sides that 32 divides and `config.side` bounds: its operators read sizes from what
 * they are given. Shapes and multiply-accumulates were counted for the whole square.
 */
export function ofAnySize(graph: OnnxGraph): OnnxGraph {
  const open: Readonly<Record<string, readonly Dim[]>> = {
    image: [1, 3, "height", "width"],
    boxes: [1, 4, "anchors"],
    scores: [1, 1, "anchors"],
    coefficients: [1, prototypes, "anchors"],
    prototypes: [1, prototypes, "rows", "columns"],
  };
  const opened = (values: readonly GraphValue[]) => values.map((value) => ({ ...value, dims: open[value.name]! }));
  return { ...graph, inputs: opened(graph.inputs), outputs: opened(graph.outputs) };
}
