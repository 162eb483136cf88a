import type { DatasetOptions, GraphFiles, ImageId, RuntimeOptions, Variant } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { gpuMemoryBytes } from "../measure/gpu.ts";
import { processMemory } from "../measure/memory.ts";
import { type PlannedPass, passesOf, protocolOf } from "../protocols/index.ts";
import { AccuracyPhase, type ImageRows } from "./accuracy.ts";
import { withDetectorBoxes } from "./detectorBoxes.ts";
import { type LatencyInput, type LatencySample, type MeasuredMemory, measureMemory, measureTurn } from "./latency.ts";
import { loadPlugins, variantOf } from "./registry.ts";
import { withVariantFiles } from "./variantFiles.ts";

/** Everything a worker needs; plain data, since it crosses a process boundary. */
export interface WorkerSetup {
  readonly variant: string;
  /** The variant's and the dataset's: no other's code is in the memory that is measured. */
  readonly plugins: readonly string[];
  /** The variant's, as `--variant-files` gives them; empty where its graphs are built. */
  readonly variantFiles: readonly string[];
  readonly graphs: GraphFiles;
  readonly runtime: RuntimeOptions;
  readonly dataset: string;
  readonly datasetOptions: DatasetOptions;
  /** A detector's results file that is prompted in place of the annotations. */
  readonly boxes?: string;
  readonly prompts: readonly { readonly prompts: string; readonly protocol: string }[];
  readonly seed: number;
}

/** Requests by name, with what they give back. */
export interface WorkerCalls {
  open: { request: { setup: WorkerSetup }; reply: { loadPeakBytes: number; residentBytes: number } };
  image: { request: { image: ImageId; next?: ImageId }; reply: ImageRows };
  memory: { request: { image: ImageId }; reply: MeasuredMemory };
  turn: { request: { image: ImageId }; reply: LatencySample };
}

export type CallName = keyof WorkerCalls;
export type Request = { [Name in CallName]: { readonly call: Name } & WorkerCalls[Name]["request"] }[CallName];

export type Reply =
  | { readonly ok: true; readonly value: WorkerCalls[CallName]["reply"] }
  | { readonly ok: false; readonly message: string; readonly hint?: string; readonly stack?: string };

interface Opened {
  readonly variant: Variant;
  readonly accuracy: AccuracyPhase;
  readonly latency: LatencyInput;
  gpuBytes(): number | undefined;
}

/** Answers the parent's requests one at a time until it hangs up. */
export function serve(): void {
  let opened: Opened | undefined;
  const answer = async (request: Request): Promise<WorkerCalls[CallName]["reply"]> => {
    if (request.call === "open") {
      opened = await open(request.setup);
      const memory = processMemory();
      return { loadPeakBytes: memory.peakBytes(), residentBytes: memory.residentBytes() };
    }
    if (opened === undefined) throw new Error(`${request.call} before open`);
    if (request.call === "image") return opened.accuracy.rows(request.image, request.next);
    return request.call === "memory"
      ? measureMemory(opened.latency, request.image, opened.gpuBytes)
      : measureTurn(opened.latency, request.image);
  };
  // Ctrl-C reaches the whole group of processes: it is the parent that decides, after the current image.
  process.on("SIGINT", () => undefined);
  process.on("disconnect", () => process.exit(0));
  process.on("message", (request: Request) => {
    answer(request)
      .then((value): Reply => ({ ok: true, value }), failed)
      .then((reply) => process.send?.(reply));
  });
}

async function open(setup: WorkerSetup): Promise<Opened> {
  const registry = await withVariantFiles(await loadPlugins(setup.plugins), setup.variantFiles);
  const { plugin, preset } = variantOf(registry, setup.variant);
  const annotated = await registry.datasets.get(setup.dataset)!.open(setup.datasetOptions);
  const dataset = setup.boxes === undefined ? annotated : await withDetectorBoxes(annotated, setup.boxes);
  const variant = await plugin.load(setup.graphs, setup.runtime, preset);
  const accuracy = new AccuracyPhase({
    ...{ variant, preset, dataset },
    passes: passesOfSetup(setup),
    seed: setup.seed,
  });
  const gpuBytes = () => (setup.runtime.provider === "cpu" ? undefined : gpuMemoryBytes());
  return { variant, accuracy, latency: { variant, preset, dataset }, gpuBytes };
}

function passesOfSetup({ prompts }: WorkerSetup): readonly PlannedPass[] {
  return passesOf(prompts.map((each) => ({ prompts: each.prompts, protocol: protocolOf(each.protocol) })));
}

function failed(error: unknown): Reply {
  if (error instanceof HarnessError)
    return { ok: false, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  process.stderr.write(`${stack ?? message}\n`);
  return { ok: false, message, ...(stack === undefined ? {} : { stack }) };
}
