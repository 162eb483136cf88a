import type { ImageId } from "../api.ts";
import type { WorkerSetup } from "../build/setup.ts";
import { processMemory } from "../measure/memory.ts";
import { withDetectorBoxes } from "../plan/detectorBoxes.ts";
import { openDataset } from "../plan/openDataset.ts";
import { bookOf } from "../plan/plugins/book.ts";
import { loadPlugins, variantOf } from "../plan/plugins/registry.ts";
import { withVariantFiles } from "../plan/variantFiles.ts";
import { answerRequests } from "../process/calls.ts";
import { type PlannedPass, passesOf, protocolOf, type ScoreBook } from "../protocols/index.ts";
import { AccuracyPhase, type ImageRows } from "./accuracy.ts";
import { loadVariant, outputsHint } from "./authoredVariant.ts";
import { checkedVariant } from "./checkedVariant.ts";
import { embeddingHolder } from "./heldImage.ts";
import { type LatencyInput, type LatencySample, measureTurn } from "./latency.ts";
import { outputChecks } from "./outputChecks.ts";

export interface WorkerCalls {
  /** `residentBytes` of the process, with graphs and data set. */
  open: { readonly request: { readonly setup: WorkerSetup }; readonly reply: { readonly residentBytes: number } };
  image: { readonly request: { readonly image: ImageId; readonly next?: ImageId }; readonly reply: ImageRows };
  turn: { readonly request: { readonly image: ImageId }; readonly reply: LatencySample };
}

interface Opened {
  readonly accuracy: AccuracyPhase;
  readonly latency: LatencyInput;
}

/** Answers the parent's requests until it hangs up. */
export function serve(): void {
  let opened: Opened | undefined;
  const loaded = (): Opened => {
    if (opened === undefined) throw new Error("a call before open");
    return opened;
  };
  answerRequests<WorkerCalls>({
    async open({ setup }) {
      opened = await open(setup);
      return { residentBytes: processMemory().residentBytes() };
    },
    image: async ({ image, next }) => loaded().accuracy.rows(image, next),
    turn: async ({ image }) => measureTurn(loaded().latency, image),
  });
}

async function open(setup: WorkerSetup): Promise<Opened> {
  const registry = await withVariantFiles(
    await loadPlugins([setup.plugin, setup.datasetPlugin, ...setup.protocolPlugins]),
    setup.variantFiles,
    setup.encoderInput,
  );
  const registered = variantOf(registry, setup.variant);
  const { preset, file } = registered;
  const annotated = await openDataset(registry, setup.dataset, setup.datasetOptions);
  const dataset = setup.boxes === undefined ? annotated : await withDetectorBoxes(annotated, setup.boxes);
  const variant = await loadVariant(registered, setup.graphs, setup.runtime, setup.facts);
  const checks = outputChecks(preset, outputsHint(file, setup.graphs));
  const accuracy = new AccuracyPhase({
    holder: embeddingHolder(checkedVariant(variant, checks), preset),
    dataset,
    passes: passesOfSetup(setup, bookOf(registry)),
    seed: setup.seed,
  });
  return { accuracy, latency: { variant, preset, dataset, checks } };
}

function passesOfSetup({ prompts }: WorkerSetup, book: ScoreBook): readonly PlannedPass[] {
  return passesOf(prompts.map((each) => ({ prompts: each.prompts, protocol: protocolOf(each.protocol, book) })));
}
