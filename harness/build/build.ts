import { existsSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type {
  BuildContext,
  CalibrationValues,
  Checkpoint,
  GraphConstant,
  GraphFiles,
  GraphKind,
  GraphSink,
  OnnxGraph,
  TheoryCounts,
} from "../api.ts";
import { HarnessError } from "../errors.ts";
import { homeFolder } from "../home.ts";
import { freeBytes } from "../measure/environment.ts";
import { batchedGraph, computesIn, mlpInParts, providerGraph, structureHash, writeGraph } from "../onnx/index.ts";
import { asAuthors } from "../plan/plugins/authorsError.ts";
import type { RegisteredVariant } from "../plan/plugins/registry.ts";
import { sha256 } from "../store/canonical.ts";
import { removeUnused, touch } from "../store/disk/unused.ts";
import { filesIn, isWhole, writeWholeFolder } from "../store/disk/wholeFolder.ts";
import { graphCode } from "./rowCode.ts";

export interface BuildRequest {
  readonly variant: RegisteredVariant;
  readonly checkpoint: Checkpoint;
  /** Identity of the weights: a file's sha256, or the seeded scheme and its version. */
  readonly weightsId: string;
  readonly graph: GraphKind;
  /** The provider whose operators the graphs are made of; `cpu` if left out. */
  readonly provider?: string;
  readonly side?: number | undefined;
  /** Images that the encoder takes in one call; 1 if left out. */
  readonly batch?: number | undefined;
  readonly outputs?: BuildContext["outputs"];
  readonly calibration?: CalibrationValues;
  /** The folder that graphs are cached in; the home folder's `graphs` if left out. */
  readonly cache?: string;
  /** Is awaited before graphs that are not in the cache are built. */
  beforeWork?(): Promise<void>;
  /** Is told how many bytes of the constants are read, while graphs that are not in the cache are built. */
  progress?(done: number, total: number): void;
}

export interface BuiltVariant {
  readonly files: GraphFiles;
  readonly graphs: Readonly<Record<string, OnnxGraph>>;
  /** The hash of each graph covers its structure and the identity of its weights. */
  readonly hashes: Readonly<Record<string, string>>;
  /** Counts the elements of all tensors taken from the checkpoint, each once, buffers left out. */
  readonly parameters: number;
  readonly fileBytes: number;
  /** Holds the decisions of the plug-in while building, as sentences. */
  readonly notes: readonly string[];
  readonly theory?: TheoryCounts;
  /** True if the graphs were there already. */
  readonly cached: boolean;
}

/**
 * Returns the variant's ONNX files; it builds them if they are not there yet. They are written beside their place and moved
 * there whole, so that a build that is killed leaves nothing that looks finished. Throws HarnessError where weights do not fit
 * the variant, or memory or disk do not fit the build.
 */
export async function buildVariant(request: BuildRequest): Promise<BuiltVariant> {
  const notes: string[] = [];
  let theory: TheoryCounts | undefined;
  const graphs = await measuredGraphs(request, {
    note: (text) => notes.push(text),
    theory(counts) {
      theory = counts;
    },
  });
  const calibration = request.calibration === undefined ? "" : sha256(JSON.stringify(request.calibration));
  const values = `${request.weightsId} ${calibration} ${graphCode(request.variant)}`;
  const hashes = Object.fromEntries(graphs.map((graph) => [graph.name, sha256(`${structureHash(graph)} ${values}`)]));
  const { preset } = request.variant;
  const key = sha256(Object.values(hashes).join(" ")).slice(0, 12);
  const name = `${preset.id.replaceAll("/", "-")}-${request.graph}-${key}`;
  const folder = join(request.cache ?? join(homeFolder(), "graphs"), name);
  const cached = await cachedOrBuilt(folder, request, graphs);
  const parameters = new Map(graphs.flatMap((graph) => [...graph.counts.parameters]));
  return {
    files: Object.fromEntries(graphs.map((graph) => [graph.name, join(folder, `${graph.name}.onnx`)])),
    graphs: Object.fromEntries(graphs.map((graph) => [graph.name, graph])),
    hashes,
    parameters: [...parameters.values()].reduce((sum, elements) => sum + elements, 0),
    fileBytes: filesIn(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0),
    notes,
    theory,
    cached,
  };
}

/** Returns the graphs that a run measures, as data. It reads no weight. Throws HarnessError as describeGraphs. */
export async function measuredGraphs(
  request: Omit<BuildRequest, "weightsId">,
  told: Omit<GraphSink, "write"> = {},
): Promise<readonly OnnxGraph[]> {
  return (await describeGraphs(request, told)).map((graph) => forProcessor(graph, request));
}

/**
 * Returns the graph as the processor runs it fastest. It is changed behind all methods: these look for layers by their weights, and
 * a layer is one node for them. The reference graph stays the published code's.
 */
function forProcessor(graph: OnnxGraph, { graph: kind, provider = "cpu" }: Omit<BuildRequest, "weightsId">): OnnxGraph {
  return kind === "fused" && provider === "cpu" ? mlpInParts(graph) : graph;
}

/** Returns the graphs as data. It reads no weight, so it also tells, in milliseconds, whether a checkpoint fits. */
export async function describeGraphs(
  request: Omit<BuildRequest, "weightsId">,
  told: Omit<GraphSink, "write"> = {},
): Promise<OnnxGraph[]> {
  const { variant, checkpoint, graph, provider = "cpu", side, batch = 1, outputs, calibration } = request;
  const { preset, base, plugin, file } = variant;
  const graphs: OnnxGraph[] = [];
  const context: BuildContext = {
    preset,
    base,
    checkpoint,
    graph,
    side,
    outputs,
    calibration,
    computesIn: (type) => computesIn(provider, type),
    out: {
      ...told,
      write: async (name, built) => {
        requireGraphName(preset.id, name, graphs);
        const whole = { ...built, name };
        const sized = batch > 1 && takesImage(whole) ? batchOf(preset.id, whole, batch) : whole;
        // The reference graph stays the published code's, operator for operator.
        graphs.push(graph === "fused" ? providerGraph(sized, provider) : sized);
      },
    },
  };
  await asAuthors({ file, id: preset.id, doing: "build" }, () => plugin.build(context));
  if (side !== undefined) requireSide(preset.id, graphs, side);
  return graphs;
}

/** Tells whether a graph takes an image and nothing else. */
export function takesImage({ inputs }: OnnxGraph): boolean {
  return inputs.length === 1 && inputs[0]!.dims.length === 4 && inputs[0]!.dims[1] === 3;
}

function batchOf(id: string, graph: OnnxGraph, batch: number): OnnxGraph {
  try {
    return batchedGraph(graph, batch);
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    throw new HarnessError(`${id}: ${error.message}`, { hint: "leave the axis batch out" });
  }
}

/** Throws HarnessError where a plug-in wrote graphs of its own side, whatever it was asked for. */
function requireSide(id: string, graphs: readonly OnnxGraph[], side: number): void {
  const [, , rows] = graphs.find(takesImage)?.inputs[0]?.dims ?? [];
  if (typeof rows !== "number" || rows === side) return;
  throw new HarnessError(`${id}: its plug-in builds an encoder for one side`, {
    found: `${rows} px`,
    expected: `${side} px`,
    hint: "sweep the side of the model that it is made of",
  });
}

/** Throws HarnessError for a name that can not be a file's name in the folder of the build, or that would lead out of it. */
function requireGraphName(id: string, name: unknown, graphs: readonly OnnxGraph[]): void {
  if (typeof name !== "string" || !/^[A-Za-z0-9][\w-]*$/.test(name))
    throw new HarnessError(`${id}: out.write: no name for a graph`, {
      found: String(name),
      expected: "letters, digits, - and _",
    });
  if (graphs.some((graph) => graph.name === name))
    throw new HarnessError(`${id}: out.write: the graph ${name} is written twice`, {
      hint: "give each graph a name of its own",
    });
}

/** Removes what is left of a damaged build. */
function removeDamaged(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {
    // The write that follows says that the folder is closed to this user.
  }
}

/**
 * Returns true if the graphs are in the cache, whole; else it builds them. A graph with one bit flipped still runs, and gives
 * masks, so a damaged one is built again.
 */
async function cachedOrBuilt(
  folder: string,
  { variant, beforeWork, progress }: BuildRequest,
  graphs: readonly OnnxGraph[],
): Promise<boolean> {
  if (existsSync(folder) && (await isWhole(folder))) {
    touch(folder);
    return true;
  }
  await beforeWork?.();
  removeDamaged(folder);
  removeUnused(dirname(folder));
  requireMemory(folder, graphs);
  // Constants are read now, by functions of the plug-in's.
  const code = { file: variant.file, id: variant.preset.id, doing: "build", shared: true } as const;
  await writeWholeFolder(folder, (partial) =>
    asAuthors(code, () => {
      for (const graph of followed(graphs, progress)) writeGraph(graph, partial);
      writeFileSync(join(partial, "README"), "Built by sam-bench; safe to delete, it is built again when needed.\n");
    }),
  );
  return false;
}

/** Returns the same graphs, whose constants tell when they are read: most of a build is spent on that. */
function followed(graphs: readonly OnnxGraph[], progress: BuildRequest["progress"]): readonly OnnxGraph[] {
  if (progress === undefined) return graphs;
  const total = graphs.reduce((sum, { counts }) => sum + counts.constantBytes, 0);
  let done = 0;
  progress(done, total);
  const told = (constant: GraphConstant): GraphConstant => ({
    ...constant,
    read() {
      const values = constant.read();
      done = Math.min(done + constant.bytes, total);
      progress(done, total);
      return values;
    },
  });
  return graphs.map((graph) => ({ ...graph, constants: graph.constants.map(told) }));
}

/** Throws HarnessError where memory is too small: a build holds one tensor at a time, in up to three forms. */
function requireMemory(folder: string, graphs: readonly OnnxGraph[]): void {
  const largest = Math.max(...graphs.flatMap((graph) => graph.constants.map((constant) => constant.bytes)));
  const needed = 3 * largest + 64 * 2 ** 20;
  if (freeBytes() >= needed) return;
  throw new HarnessError(`${folder}: not enough memory to build the graphs`, {
    found: `${(freeBytes() / 2 ** 20).toFixed(0)} MiB free`,
    expected: `${(needed / 2 ** 20).toFixed(0)} MiB`,
    hint: "close other programs and run again",
  });
}
