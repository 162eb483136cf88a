import type { ExecutedNode } from "./executedGraph.ts";
import { commonModule, isWithin, scopeOf } from "./modules.ts";

/** Name of the layer of nodes that nothing is known of: neither a weight nor a name leads to a module. */
export const unnamed = "(no module)";

/**
 * Returns the layer of each node, by the checkpoint's names. A node that reads weights belongs to their module. Any other belongs
 * to the deepest module about it, which is what it is fed by and what it feeds; where they share no more than a list of blocks,
 * as at the end of a block, it belongs to what feeds it. A scope in its name bounds the choice.
 */
export function layersOf(nodes: readonly ExecutedNode[]): readonly string[] {
  const own = nodes.map(ownLayer);
  const after = nearestAfter(nodes, own);
  const producers = producersOf(nodes);
  const layers: string[] = [];
  for (const [i, node] of nodes.entries()) {
    const fedBy = node.inputs
      .map((input) => producers.get(input) ?? -1)
      .reduce((last, each) => Math.max(last, each), -1);
    layers.push(own[i] ?? layerBetween(scopeOf(node.name), layers[fedBy], after[i]));
  }
  return layers;
}

/** Returns the module of the weights that a node reads, or its scope where that says more; nothing where it reads none. */
function ownLayer({ name, weights }: ExecutedNode): string | undefined {
  if (weights.length === 0) return undefined;
  const module = weights.reduce(commonModule);
  const scope = scopeOf(name);
  return scope !== module && isWithin(scope, module) ? scope : module;
}

function layerBetween(scope: string, before: string | undefined, after: string | undefined): string {
  const about = before === undefined || after === undefined ? undefined : commonModule(before, after);
  const candidates = [about, before, after].filter((module) => module !== undefined);
  const within = candidates.find((module) => isWithin(module, scope) && isPart(module));
  return within ?? (scope === "" ? (before ?? after ?? unnamed) : scope);
}

/** Returns whether a module is more than the model, one of its two halves, or a list of blocks. */
function isPart(module: string): boolean {
  return module.includes(".") && !/(^|\.)(blocks|layers|stages|features|op_list)$/.test(module);
}

/** Maps each value to the place of the node that gives it. */
function producersOf(nodes: readonly ExecutedNode[]): ReadonlyMap<string, number> {
  return new Map(nodes.flatMap(({ outputs }, i) => outputs.map((name) => [name, i] as const)));
}

/** Returns for each node the layer with weights that its result reaches first, in the order of the run. */
function nearestAfter(
  nodes: readonly ExecutedNode[],
  own: readonly (string | undefined)[],
): readonly (string | undefined)[] {
  const reached = new Map<string, string>();
  const nearest = new Array<string | undefined>(nodes.length).fill(undefined);
  for (const [i, { inputs, outputs }] of [...nodes.entries()].reverse()) {
    nearest[i] = outputs.map((name) => reached.get(name)).find((layer) => layer !== undefined);
    const layer = own[i] ?? nearest[i];
    // Walked from the end, so that the first node that takes a value is the last to say what it reaches.
    if (layer !== undefined) for (const input of inputs) reached.set(input, layer);
  }
  return nearest;
}
