import type { Dataset } from "../api.ts";
import type { PreparationWatcher } from "../build/preparedRun.ts";
import { nameOfChosen } from "../plan/models/weights.ts";
import { openImages, type RunPlan } from "../plan/plan.ts";
import type { RunFlags } from "../plan/runFlags.ts";
import { anyPage, type Computing } from "./computing.ts";
import { type PreparedModel, prepareModel } from "./models.ts";
import { type PageContents, pageContents } from "./page.ts";
import { type ServedPhotos, servedPhotos } from "./photos.ts";
import { planOfModels } from "./plan.ts";
import { dataWords, runWords } from "./runWords.ts";

export interface PageRequest {
  /** Flags of a plan: models and their weights, data set and photos. */
  readonly flags: RunFlags;
  /** Number of the models that the flags name. */
  readonly named: number;
  /** Says where all models have to compute; each in the page where it fits, if left out. */
  readonly wanted?: Computing | undefined;
  /** Says who reads the page: one that is written for others names no folder, and has only photos that were asked for. */
  readonly reader: "this machine" | "others";
  /** Receives how many of the parts are ready, which are the models, the photos and the scripts, and what is prepared now. */
  progress?(done: number, total: number, what: string): void;
  /** Returns what is told of a model's preparation. */
  watcher(model: string): PreparationWatcher;
}

export interface PreparedPage extends PageContents {
  readonly models: readonly PreparedModel[];
  /** Whose work the photos are, and their licences: a line each. */
  readonly credits: readonly string[];
}

/** Builds the models of a page and opens its photos. Throws HarnessError for what can not be built, opened or shown. */
export async function preparePage(request: PageRequest): Promise<PreparedPage> {
  const { flags, named, reader, watcher } = request;
  // A page for others has no harness to ask.
  const wanted = request.wanted ?? (reader === "others" ? anyPage : undefined);
  const plan = await planOfModels(flags, named);
  const worded = { plan, flags, files: reader === "this machine" ? "as given" : "without folders" } as const;
  const models: PreparedModel[] = [];
  const parts = plan.chosen.length + 2;
  for (const [i, chosen] of plan.chosen.entries()) {
    request.progress?.(i, parts, `preparing ${nameOfChosen(chosen)}`);
    models.push(
      await prepareModel({
        plan,
        chosen,
        wanted,
        folder: `models/${i}/`,
        runWords: runWords(chosen, worded),
        watcher: watcher(nameOfChosen(chosen)),
      }),
    );
  }
  request.progress?.(models.length, parts, "opening photos");
  const dataset = await photosOf(request, plan);
  const photos =
    dataset === undefined ? none : await servedPhotos(dataset, reader === "this machine" ? "files" : "ids");
  request.progress?.(models.length + 1, parts, "bundling the page's scripts");
  const page = await pageContents({
    models,
    photos,
    engine: wanted?.engine ?? "wasm",
    dataWords: dataWords(flags, worded.files),
  });
  return { ...page, models, credits: dataset?.credits ?? [] };
}

const none: ServedPhotos = { photos: [], contents: new Map() };

/** Opens the data set: that of the project where none is named, and nothing where the page is for others. */
async function photosOf({ flags, reader }: PageRequest, { registry, seed }: RunPlan): Promise<Dataset | undefined> {
  if (reader === "others" && flags.dataset === undefined && flags.data === undefined) return undefined;
  const { dataset } = await openImages(flags, { registry, seed, notice: () => undefined });
  return dataset;
}
