import type { Checkpoint, OnnxGraph, SearchSpace } from "../../harness/api.ts";
import { child, GraphBuilder, type Module } from "../../harness/onnx/index.ts";
import { windowAttention } from "../sam/attention.ts";
import { type SamConfig, samConfigs } from "../sam/config.ts";
import { embeddingOf, encoderBlock, patchTokens, wholeBlock } from "../sam/imageEncoder.ts";
import { samPresets } from "../sam/presets.ts";
import { gather, keepWindows, rankWindows, scatter } from "./encoders/keptWindows.ts";
import { idOf } from "./presets.ts";
import { groupsOf, keptCount, samStages, stageOfGroups } from "./sparsity.ts";

/** Ratios of the paper's search space. It has one ratio a pair of blocks, and ratios do not fall within a stage. */
const values = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8];

const parts = { ends: "patches and neck", global: "global block", whole: "windowed block" } as const;
const sparseBlock = (count: number) => `windowed block, ${count} windows`;
const choosing = (count: number) => `choosing ${count} windows`;

export function searchSpace(base: string): SearchSpace | undefined {
  const config: SamConfig | undefined = samConfigs[base as keyof typeof samConfigs];
  if (config === undefined) return undefined;
  const { size } = samPresets.find(({ id }) => id === base)!;
  const groups = groupsOf(samStages(config), size);
  const stages = stageOfGroups(samStages(config), size);
  return {
    genes: groups.map((blocks, i) => ({ name: `blocks ${blocks.join("+")}`, stage: stages[i]!, values })),
    idOf: (ratios) => idOf(base, { ratios, globalKeep: 1 }),
    partsOf: (ratios) => [
      parts.ends,
      ...config.globalBlocks.map(() => parts.global),
      ...groups.flatMap((blocks, i) => groupParts(config, ratios, stages, i).flatMap((name) => name(blocks))),
    ],
    part: (name, checkpoint) => partOf(config, name, checkpoint),
  };
}

type PartNames = (blocks: readonly number[]) => readonly string[];

/** Returns the parts of a group: its blocks, and the choice of windows where they are not those of the group before. */
function groupParts(
  config: SamConfig,
  ratios: readonly number[],
  stages: readonly number[],
  group: number,
): readonly PartNames[] {
  const all = windowsOf(config);
  const countOf = (i: number) => keptCount(all, ratios[i]!);
  const count = countOf(group);
  if (count === all) return [(blocks) => blocks.map(() => parts.whole)];
  const goesOn = stages[group - 1] === stages[group] && countOf(group - 1) === count;
  return [() => (goesOn ? [] : [choosing(count)]), (blocks) => blocks.map(() => sparseBlock(count))];
}

function windowsOf({ side, patch, window }: SamConfig): number {
  return Math.ceil(side / patch / window) ** 2;
}

/** Builds the graph of a part. Blocks of one kind have one shape, so the first of each stands for all. */
function partOf(config: SamConfig, name: string, checkpoint: Checkpoint): OnnxGraph {
  const graph = new GraphBuilder("part");
  const encoder: Module = { graph, checkpoint, path: "image_encoder" };
  const { side, patch, width, heads, window, globalBlocks } = config;
  const sizes = { grid: side / patch, window };
  if (name === parts.ends) {
    const stream = patchTokens(encoder, graph.input("image", [1, 3, side, side]), config);
    graph.output("y", embeddingOf(encoder, stream, config));
    return graph.finish();
  }
  const windowed = samStages(config)[0]!.blocks[0]!;
  const tokens = (count: number) => graph.input("tokens", [1, count, width]);
  if (name === parts.global || name === parts.whole) {
    const index = name === parts.global ? globalBlocks[0]! : windowed;
    graph.output("y", wholeBlock(child(encoder, `blocks.${index}`), tokens(sizes.grid ** 2), config, index));
    return graph.finish();
  }
  const count = Number(/\d+/.exec(name)![0]);
  if (name === choosing(count)) {
    const whole = tokens(sizes.grid ** 2);
    const kept = keepWindows(graph, rankWindows(graph, whole, sizes, count), sizes, count);
    graph.output("y", scatter(graph, whole, gather(graph, whole, kept), kept));
    return graph.finish();
  }
  const { layout } = keepWindows(graph, graph.ints(Array.from({ length: count }, (_, i) => i)), sizes, count);
  const attend = (attn: Module, x: Parameters<typeof windowAttention>[1]) =>
    windowAttention(attn, x, { width, heads, window }, layout);
  graph.output("y", encoderBlock(child(encoder, `blocks.${windowed}`), tokens(layout.tokens), config, attend));
  return graph.finish();
}
