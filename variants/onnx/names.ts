import type { DeclaredValue, GraphBody, GraphSignature, NamedTensors, ValueNames } from "../../harness/api.ts";
import { unknown } from "../../harness/errors.ts";
import { runApart, type Session } from "../../harness/onnx/index.ts";
import { type AnyLayout, type GivenGraph, partsOf } from "./layout.ts";

/** What a reader calls the values that exporters name differently. */
const meanings: Readonly<Record<string, string>> = {
  image_embeddings: "the image embedding",
  image_embed: "the image embedding",
  point_coords: "the points' coordinates",
  point_labels: "the points' labels",
  mask_input: "the mask prompt",
  low_res_masks: "low-res logits",
  masks: "low-res logits",
  pred_masks: "low-res logits",
  output_masks: "low-res logits",
  iou_predictions: "predicted IoU",
  iou_pred: "predicted IoU",
  iou_scores: "predicted IoU",
};

/** Returns what a value is called in a sentence: what it means where that is known, else its name. */
export function meaningOf(name: string): string {
  return meanings[name] ?? name;
}

/**
 * Returns the graph with other names of its values, by those that they have. A value whose own name goes to another one is set
 * apart by a prime: nothing knows it then.
 */
export function renamedGraph(graph: GraphSignature | GivenGraph, names: ValueNames = {}): GivenGraph {
  const before = "namesInFile" in graph ? graph.namesInFile : new Map<string, string>();
  const own = [...graph.inputs, ...graph.outputs].map(({ name }) => name);
  const given = new Map(own.flatMap((name) => (Object.hasOwn(names, name) ? [[name, names[name]!] as const] : [])));
  const lost = new Set(given.values());
  const nameOf = (name: string) => given.get(name) ?? (lost.has(name) ? `${name}'` : name);
  const changed = [...given].some(([from, to]) => from !== to);
  if (!changed) return { ...graph, namesInFile: before };
  const renamed = (values: readonly DeclaredValue[]) => values.map((each) => ({ ...each, name: nameOf(each.name) }));
  return {
    ...graph,
    inputs: renamed(graph.inputs),
    outputs: renamed(graph.outputs),
    body: graph.body === undefined ? undefined : renamedBody(graph.body, nameOf),
    namesInFile: new Map(own.map((name) => [nameOf(name), before.get(name) ?? name])),
  };
}

function renamedBody({ nodes, constants, stored }: GraphBody, nameOf: (name: string) => string): GraphBody {
  return {
    nodes: nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(nameOf),
      outputs: node.outputs.map(nameOf),
    })),
    constants: new Map([...constants].map(([name, values]) => [nameOf(name), values])),
    stored,
  };
}

/** Returns the name of a value in the file. */
export function nameInFile({ namesInFile }: GivenGraph, name: string): string {
  return namesInFile.get(name) ?? name;
}

/** Returns the session with the names that the user gave: feeds and results have them. */
export function renamedSession(session: Session, { namesInFile }: GivenGraph): Session {
  if (namesInFile.size === 0) return session;
  const given = new Map([...namesInFile].map(([name, inFile]) => [inFile, name]));
  const nameOf = (inFile: string) => given.get(inFile) ?? inFile;
  const inFile = (name: string) => namesInFile.get(name) ?? name;
  return {
    inputs: session.inputs.map(nameOf),
    outputs: session.outputs.map(nameOf),
    async run(feeds, wanted) {
      const named = Object.entries(feeds).map(([name, tensor]) => [inFile(name), tensor]);
      const results = await session.run(Object.fromEntries(named), wanted?.map(inFile));
      return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [nameOf(name), tensor]));
    },
    close: () => session.close(),
  };
}

/** Runs the graph once in a process of its own, with the names that the user gave. */
export async function renamedTrial(
  graph: GivenGraph,
  feeds: NamedTensors,
  wanted: readonly string[],
): Promise<NamedTensors> {
  const run: Session["run"] = (named, asked = []) => runApart(graph.file, named, asked);
  return renamedSession({ inputs: [], outputs: [], run, close: async () => undefined }, graph).run(feeds, wanted);
}

/**
 * Returns those of the names that values of these files have, or nothing where there are none. Throws HarnessError for a value
 * that no layout knows.
 */
export function usedNames(
  names: ValueNames,
  graphs: readonly GraphSignature[],
  layouts: readonly AnyLayout[],
): ValueNames | undefined {
  const own = new Set(graphs.flatMap(({ inputs, outputs }) => [...inputs, ...outputs].map(({ name }) => name)));
  const used = Object.entries(names).filter(([inFile]) => own.has(inFile));
  const wanted = layouts.flatMap((layout) =>
    partsOf(layout).flatMap((part) => [...layout[part]!.inputs, ...layout[part]!.outputs]),
  );
  const known = [...new Set(wanted.flatMap(({ name, usually }) => name ?? usually ?? []))];
  for (const [, role] of used)
    if (!known.includes(role)) throw unknown("value of ONNX layouts in --onnx-names", role, known);
  return used.length === 0 ? undefined : Object.fromEntries(used);
}
