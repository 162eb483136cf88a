import type { GraphFiles, ImageId } from "../api.ts";
import type { ExternalSetup, PageSetup, WorkerSetup } from "../build/setup.ts";
import { type ProcessMemory, processMemory } from "../measure/memory.ts";
import { withDetectorBoxes } from "../plan/data/detectorBoxes.ts";
import { openDataset } from "../plan/data/openDataset.ts";
import { withVariantFiles } from "../plan/models/variantFiles.ts";
import { bookOf } from "../plan/plugins/book.ts";
import { loadPlugins, variantOf } from "../plan/plugins/registry.ts";
import { variantAtSide } from "../plan/point.ts";
import { type Answers, answerRequests } from "../process/calls.ts";
import { type PlannedPass, passesOf, protocolOf, type ScoreBook } from "../protocols/index.ts";
import type { ImageEnd } from "../store/schema/rowSchema.ts";
import { type AccuracyInput, AccuracyPhase, type ImageRows } from "./accuracy.ts";
import { loadVariant, outputsHint } from "./authoredVariant.ts";
import { checkedVariant } from "./checkedVariant.ts";
import { photoHolder } from "./external/heldPhoto.ts";
import { openProcess } from "./external/open.ts";
import { measurePhotoTurn } from "./external/photoLatency.ts";
import { embeddingHolder } from "./heldImage.ts";
import { type LatencySample, measureTurn } from "./latency.ts";
import { outputChecks } from "./outputChecks.ts";
import { stagedHolder, stagesByName } from "./stagedHolder.ts";
import { openPage } from "./web/open.ts";
import { measurePageTurn } from "./web/pageTurn.ts";

export interface WorkerCalls {
  /** Loads graphs and data set; `residentBytes` is the memory of the process with both. */
  open: { readonly request: { readonly setup: WorkerSetup }; readonly reply: { readonly residentBytes: number } };
  image: { readonly request: { readonly image: ImageId; readonly next?: ImageId }; readonly reply: StagedRows };
  turn: { readonly request: { readonly image: ImageId }; readonly reply: LatencySample };
}

/** Rows of an image, and the stages of everything mode where it was timed. */
type StagedRows = ImageRows & Pick<ImageEnd, "everythingStages">;

interface Opened {
  rows(image: ImageId, next?: ImageId): Promise<StagedRows>;
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
    image: async ({ image, next }) => loaded().rows(image, next),
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
  if (setup.page !== undefined) return openInPage(setup.page, setup.graphs, phase);
  const registered = variantAtSide(variantOf(registry, setup.variant), setup.sizes?.side);
  const { preset, file } = registered;
  const variant = await loadVariant(registered, setup.graphs, setup.runtime, setup.facts);
  const checks = outputChecks(preset, outputsHint(file, setup.graphs));
  return {
    rows: rowsOf({ holder: embeddingHolder(checkedVariant(variant, checks), preset), ...phase }),
    residentBytes: processMemory().residentBytes(),
    turn: (image) => measureTurn({ variant, preset, dataset, checks, sizes: setup.sizes }, image),
  };
}

async function openExternal(external: ExternalSetup, phase: Omit<AccuracyInput, "holder">): Promise<Opened> {
  const opened = await openProcess(external);
  const { link, variant, preset } = opened;
  return {
    rows: rowsOf({ holder: photoHolder(variant, preset), ...phase }, link.memory),
    residentBytes: processMemory().residentBytes() + link.memory.residentBytes(),
    turn: (image) => measurePhotoTurn({ ...opened, dataset: phase.dataset }, image),
    close: () => link.close(),
  };
}

async function openInPage(page: PageSetup, graphs: GraphFiles, phase: Omit<AccuracyInput, "holder">): Promise<Opened> {
  const opened = await openPage(page, graphs);
  const { link, variant, preset } = opened;
  return {
    rows: rowsOf({ holder: photoHolder(variant, preset), ...phase }, link.memory),
    residentBytes: processMemory().residentBytes() + link.memory.residentBytes(),
    turn: (image) => measurePageTurn({ ...opened, dataset: phase.dataset }, image),
    close: () => link.close(),
  };
}

/** Returns what makes the rows of an image. Where everything mode is timed, so are its stages, and `memory` is read by stage. */
function rowsOf(input: AccuracyInput, memory?: ProcessMemory): Opened["rows"] {
  const timed = input.passes.filter(({ pass }) => pass.everything !== undefined);
  if (timed.length === 0) {
    const accuracy = new AccuracyPhase(input);
    return (image, next) => accuracy.rows(image, next);
  }
  const holder = stagedHolder(input.holder, memory);
  const accuracy = new AccuracyPhase({ ...input, holder });
  const names = timed.map(({ pass }) => pass.scored.map(({ prompts }) => prompts));
  return async (image, next) => {
    // An image that failed may have left some.
    holder.taken();
    const rows = await accuracy.rows(image, next);
    return { ...rows, everythingStages: stagesByName(holder.taken(), names, rows.everythingMs ?? {}) };
  };
}

function passesOfSetup({ prompts }: WorkerSetup, book: ScoreBook): readonly PlannedPass[] {
  return passesOf(prompts.map((each) => ({ prompts: each.prompts, protocol: protocolOf(each.protocol, book) })));
}
