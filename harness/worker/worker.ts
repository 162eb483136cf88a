import type { ImageId } from "../api.ts";
import type { ExternalSetup, WorkerSetup } from "../build/setup.ts";
import { processMemory } from "../measure/memory.ts";
import { withDetectorBoxes } from "../plan/detectorBoxes.ts";
import { openDataset } from "../plan/openDataset.ts";
import { bookOf } from "../plan/plugins/book.ts";
import { loadPlugins, variantOf } from "../plan/plugins/registry.ts";
import { variantAtSide } from "../plan/point.ts";
import { withVariantFiles } from "../plan/variantFiles.ts";
import { type Answers, answerRequests } from "../process/calls.ts";
import { type PlannedPass, passesOf, protocolOf, type ScoreBook } from "../protocols/index.ts";
import { type AccuracyInput, AccuracyPhase, type ImageRows } from "./accuracy.ts";
import { loadVariant, outputsHint } from "./authoredVariant.ts";
import { checkedVariant } from "./checkedVariant.ts";
import { photoHolder } from "./external/heldPhoto.ts";
import { openProcess } from "./external/open.ts";
import { measurePhotoTurn } from "./external/photoLatency.ts";
import { embeddingHolder } from "./heldImage.ts";
import { type LatencySample, measureTurn } from "./latency.ts";
import { outputChecks } from "./outputChecks.ts";

export interface WorkerCalls {
  /** Loads graphs and data set; `residentBytes` is the memory of the process with both. */
  open: { readonly request: { readonly setup: WorkerSetup }; readonly reply: { readonly residentBytes: number } };
  image: { readonly request: { readonly image: ImageId; readonly next?: ImageId }; readonly reply: ImageRows };
  turn: { readonly request: { readonly image: ImageId }; readonly reply: LatencySample };
}

interface Opened {
  readonly accuracy: AccuracyPhase;
  /** Memory of this process, and of the process that computes where another does. */
  readonly residentBytes: number;
  turn(image: ImageId): Promise<LatencySample>;
  /** Ends another process that computes, and waits for it: what it used of the processor is then known as this run's. */
  close?(): Promise<void>;
}

/** Answers the parent's requests until it hangs up. */
export function serve(): void {
  let opened: Opened | undefined;
  const loaded = (): Opened => {
    if (opened === undefined) throw new Error("a call before open");
    return opened;
  };
  const answers: Answers<WorkerCalls> = {
    async open({ setup }) {
      opened = await open(setup);
      return { residentBytes: opened.residentBytes };
    },
    image: async ({ image, next }) => loaded().accuracy.rows(image, next),
    turn: async ({ image }) => loaded().turn(image),
  };
  answerRequests<WorkerCalls>(answers, async () => opened?.close?.());
}

async function open(setup: WorkerSetup): Promise<Opened> {
  const registry = await withVariantFiles(
    await loadPlugins([...setup.plugins, setup.datasetPlugin, ...setup.protocolPlugins]),
    setup.variantFiles,
    setup.fileHints,
  );
  const annotated = await openDataset(registry, setup.dataset, setup.datasetOptions);
  const dataset = setup.boxes === undefined ? annotated : await withDetectorBoxes(annotated, setup.boxes);
  const phase = { dataset, passes: passesOfSetup(setup, bookOf(registry)), seed: setup.seed };
  if (setup.external !== undefined) return openExternal(setup.external, phase);
  const registered = variantAtSide(variantOf(registry, setup.variant), setup.sizes?.side);
  const { preset, file } = registered;
  const variant = await loadVariant(registered, setup.graphs, setup.runtime, setup.facts);
  const checks = outputChecks(preset, outputsHint(file, setup.graphs));
  return {
    accuracy: new AccuracyPhase({ holder: embeddingHolder(checkedVariant(variant, checks), preset), ...phase }),
    residentBytes: processMemory().residentBytes(),
    turn: (image) => measureTurn({ variant, preset, dataset, checks, sizes: setup.sizes }, image),
  };
}

async function openExternal(external: ExternalSetup, phase: Omit<AccuracyInput, "holder">): Promise<Opened> {
  const opened = await openProcess(external);
  const { link, variant, preset } = opened;
  return {
    accuracy: new AccuracyPhase({ holder: photoHolder(variant, preset), ...phase }),
    residentBytes: processMemory().residentBytes() + link.memory.residentBytes(),
    turn: (image) => measurePhotoTurn({ ...opened, dataset: phase.dataset }, image),
    close: () => link.close(),
  };
}

function passesOfSetup({ prompts }: WorkerSetup, book: ScoreBook): readonly PlannedPass[] {
  return passesOf(prompts.map((each) => ({ prompts: each.prompts, protocol: protocolOf(each.protocol, book) })));
}
