import type { ExecutedNode } from "./executedGraph.ts";

/** Operators whose result is their first input under another shape: it takes no memory of its own. */
const sameMemory = new Set(["Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity"]);

/**
 * Returns the bytes of the tensors that are alive while each node runs: what earlier nodes gave and a later one still takes, the
 * node's own inputs, and its outputs. Weights and the graph's inputs are not among them, and neither is what a kernel needs for
 * itself. A node that writes over its input has both counted. Outputs of the graph are alive to its end.
 */
export function liveBytes(nodes: readonly ExecutedNode[]): readonly number[] {
  const holders = holdersOf(nodes);
  const lastUse = new Map<string, number>();
  for (const [i, { inputs }] of nodes.entries()) for (const name of inputs) lastUse.set(holderOf(name), i);
  const taken = new Set(nodes.flatMap(({ inputs }) => inputs));
  // A value that nothing takes is an output of the graph, whatever it is called on the way.
  for (const { outputs } of nodes)
    for (const name of outputs) if (!taken.has(name)) lastUse.set(holderOf(name), nodes.length);

  const ending = new Map<number, number>();
  let alive = 0;
  return nodes.map(({ operator, outputs, outputBytes }, i) => {
    if (!sameMemory.has(operator))
      for (const [at, name] of outputs.entries()) {
        const bytes = outputBytes[at]!;
        alive += bytes;
        const last = Math.max(i, lastUse.get(name) ?? i);
        ending.set(last, (ending.get(last) ?? 0) + bytes);
      }
    const during = alive;
    alive -= ending.get(i) ?? 0;
    return during;
  });

  function holderOf(name: string): string {
    return holders.get(name) ?? name;
  }
}

/** Maps each value that only has another shape to the value whose memory it has. */
function holdersOf(nodes: readonly ExecutedNode[]): ReadonlyMap<string, string> {
  const holders = new Map<string, string>();
  for (const { operator, inputs, outputs } of nodes) {
    const [input] = inputs;
    const [output] = outputs;
    if (sameMemory.has(operator) && input !== undefined && output !== undefined)
      holders.set(output, holders.get(input) ?? input);
  }
  return holders;
}
