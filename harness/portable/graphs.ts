import type { OnnxGraph } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { joinedGraphs, withOutputsNamed } from "../onnx/index.ts";

/** Graphs that a folder holds, in the order of their use. */
const written = ["encoder", "decoder", "decoder-mask"] as const;
type Written = (typeof written)[number];

/** The part of a decoder that all prompts of an image share: a run computes it once an image, so it goes behind the encoder. */
const sharedPart = "decoder-image";

/** The output that is there whoever takes it: it is what the model knows of an image. */
const embedding = "image_embedding";
/** Begins the names of an encoder's outputs that say what it spent its time on; no decoder takes them. */
const told = "kept_tokens.";

/**
 * Returns the graphs of a folder: an encoder, and decoders where the model has some. The encoder gives what its decoders take, and no
 * intermediate value besides. Throws HarnessError for a model that is cut into other parts.
 */
export function portableGraphs(id: string, graphs: readonly OnnxGraph[]): ReadonlyMap<Written, OnnxGraph> {
  const byName = new Map(graphs.map((graph) => [graph.name, graph]));
  const other = graphs.find(({ name }) => name !== sharedPart && !written.includes(name as Written));
  const encoder = byName.get("encoder");
  if (encoder === undefined || other !== undefined)
    throw new HarnessError(`${id}: is cut into other graphs than bench onnx writes`, {
      found: graphs.map(({ name }) => name).join(", "),
      expected: `${written.join(", ")}, ${sharedPart}`,
    });
  const part = byName.get(sharedPart);
  const whole = part === undefined ? encoder : joinedGraphs(encoder, part);
  const decoders = [byName.get("decoder"), byName.get("decoder-mask")].filter((graph) => graph !== undefined);
  const taken = new Set(decoders.flatMap(({ inputs }) => inputs.map(({ name }) => name)));
  const given = whole.outputs
    .map(({ name }) => name)
    .filter((name) => decoders.length === 0 || taken.has(name) || name === embedding || name.startsWith(told));
  const found = new Map<Written, OnnxGraph>([["encoder", withOutputsNamed(whole, new Set(given))]]);
  for (const decoder of decoders) found.set(decoder.name as Written, decoder);
  return found;
}
