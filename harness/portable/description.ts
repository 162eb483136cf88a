import { basename, join } from "node:path";
import type { DecoderRules, GraphKind, GraphValue, OnnxGraph, VariantManifest } from "../api.ts";
import { readInstallation } from "../build/installation.ts";
import { graphFilesOf } from "../onnx/files/graphFiles.ts";
import {
  modelVersions,
  type PortableGraph,
  type PortableModel,
  portableFormat,
  runtimeVersion,
} from "../onnx/index.ts";
import { misfitOf, passesOf, promptPlan } from "../protocols/index.ts";
import { sha256OfFile } from "../store/disk/fileCache.ts";
import { inputSteps, maskSteps } from "./frames.ts";
import { programLicence } from "./licence.ts";
import { graphMeaning, valueMeaning } from "./meanings.ts";
import { lastMaskOf, promptsOf } from "./prompting.ts";

/** The oldest ONNX Runtime that graphs of this project were run in; older ones may run them too. */
const leastRuntime = "1.20.1";

/** Everything that `model.json` follows from, but the files. */
export interface Described {
  readonly preset: VariantManifest;
  readonly rules: DecoderRules;
  readonly graph: GraphKind;
  readonly graphs: ReadonlyMap<string, OnnxGraph>;
  /** Holds the decisions of the build, as sentences. */
  readonly notes: readonly string[];
  readonly weights: PortableModel["weights"];
}

/** Returns what `model.json` says of graphs that lie in this folder. */
export async function portableModel(described: Described, folder: string): Promise<PortableModel> {
  const { preset, rules, graph, graphs, notes, weights } = described;
  const files: Record<string, PortableGraph> = {};
  for (const [name, each] of graphs) files[name] = await describedGraph(each, graphs, folder);
  const { input, mask, paper } = preset;
  const { side, fit, multipleOf, promptSide, resize, padValue, mean, std } = input;
  return {
    ...portableFormat,
    program: { name: "sam-bench", version: readInstallation().version, licence: programLicence },
    variant: {
      id: preset.id,
      title: preset.title,
      paper: { title: paper.title, arxiv: paper.arxiv, year: paper.year },
      graph,
      lacks: preset.lacks,
      lackReasons: preset.lackReasons,
      maxPoints: preset.maxPoints,
      choosesUpTo: preset.choosesUpTo,
      everything: preset.everything,
      notes: [...preset.notes, ...notes],
    },
    runtime: {
      irVersion: modelVersions.ir,
      opsets: modelVersions.opsets,
      domains: domainsOf(graphs),
      least: `onnxruntime ${leastRuntime}`,
      writtenWith: `onnxruntime ${runtimeVersion}`,
    },
    graphs: files,
    input: { side, fit, multipleOf, promptSide, resize, padValue, mean, std, steps: inputSteps(input) },
    prompts: promptsOf(rules, input),
    masks: {
      path: mask.path,
      interpolation: mask.interpolation,
      threshold: mask.threshold,
      lastMask: lastMaskOf(rules),
      choice: choiceOf(preset, graphs.get("decoder")),
      steps: maskSteps(rules, mask, input),
    },
    weights,
  };
}

async function describedGraph(
  graph: OnnxGraph,
  all: ReadonlyMap<string, OnnxGraph>,
  folder: string,
): Promise<PortableGraph> {
  const [file, beside] = graphFilesOf(join(folder, `${graph.name}.onnx`));
  const named = async (path: string) => ({ file: basename(path), sha256: await sha256OfFile(path) });
  const givers = [...all.values()].filter((other) => other !== graph);
  const giverOf = (name: string) => givers.find(({ outputs }) => outputs.some((output) => output.name === name))?.name;
  const describedValue = ({ name, type, dims }: GraphValue) => ({ name, type, dims, meaning: valueMeaning(name) });
  const own = await named(file!);
  return {
    file: own.file,
    sha256: own.sha256,
    weights: beside === undefined ? undefined : await named(beside),
    does: graphMeaning(graph.name),
    inputs: graph.inputs.map((value) => ({ ...describedValue(value), from: giverOf(value.name) })),
    outputs: graph.outputs.map(describedValue),
  };
}

/** Returns the sets of operators that the graphs use, ONNX's own first. */
function domainsOf(graphs: ReadonlyMap<string, OnnxGraph>): readonly string[] {
  const used = new Set([...graphs.values()].flatMap(({ nodes }) => nodes.map(({ domain }) => domain)));
  return [...used].sort().map((domain) => (domain === "" ? "ai.onnx" : domain));
}

/** Returns the tokens that the choice is among, by the prompts of a run without `--prompts`; none where no graph gives tokens. */
function choiceOf(preset: VariantManifest, decoder: OnnxGraph | undefined): PortableModel["masks"]["choice"] {
  const count = decoder?.outputs.find(({ name }) => name === "iou_predictions")?.dims[1];
  if (typeof count !== "number") return {};
  const all = Array.from({ length: count }, (_, token) => token);
  const several = preset.lacks.includes("single-mask-token") ? all : all.slice(1);
  const fitting = promptPlan({}).filter((planned) => misfitOf(planned, preset) === undefined);
  return Object.fromEntries(
    passesOf(fitting).flatMap(({ pass }) =>
      pass.scored.map(({ prompts }) => [prompts, pass.looksAt === "single mask" ? [0] : several]),
    ),
  );
}
