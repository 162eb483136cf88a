import { statSync } from "node:fs";
import { type PreparationWatcher, prepareRun } from "../build/preparedRun.ts";
import type { ModelSetup } from "../build/setup.ts";
import { HarnessError } from "../errors.ts";
import { graphFilesOf } from "../onnx/files/graphFiles.ts";
import type { PortableModel } from "../onnx/index.ts";
import { type ChosenVariant, nameOfChosen } from "../plan/models/weights.ts";
import { pageMisfit } from "../plan/pageRows.ts";
import type { RunPlan } from "../plan/plan.ts";
import { decoderRulesOf } from "../plan/plugins/decoderRules.ts";
import { weightsVariantOf } from "../plan/plugins/registry.ts";
import { weightsRecord } from "../portable/licence.ts";
import type { Manifest } from "../store/schema.ts";
import { hasWebRuntime } from "../web/browser.ts";
import { type PageFiles, sizeOf } from "../web/pageFiles.ts";
import { pageGraphs } from "../worker/web/pageGraphs.ts";
import type { Computing } from "./computing.ts";
import type { ServedModel } from "./page/contract.ts";
import type { LoadedModel } from "./page/models/link.ts";

/** WebAssembly has 4 GB, in which graphs lie twice while they are opened. */
const mostBytes = 2e9;

/** A model that is ready to be clicked in: its graphs are on disk. */
export interface PreparedModel {
  readonly served: ServedModel;
  /** Holds what a worker of the harness needs to run it. */
  readonly setup: ModelSetup;
  /** Present for a model of the page: what its worker loads, and the files of that by their addresses. */
  readonly page?: { readonly loaded: LoadedModel; readonly files: PageFiles } | undefined;
  /** Says what is known of its weights; absent where they are in the user's own files, or in another program. */
  readonly weights?: PortableModel["weights"] | undefined;
}

export interface ModelRequest {
  readonly plan: RunPlan;
  readonly chosen: ChosenVariant;
  /** Says where it has to compute; in the page where it fits, if left out. */
  readonly wanted?: Computing | undefined;
  /** Folder of its graphs in the page's address. */
  readonly folder: string;
  readonly runWords: string;
  readonly watcher: PreparationWatcher;
}

/** Builds a model's graphs and says where it computes. Throws HarnessError where it does not fit there, or its program does not answer. */
export async function prepareModel(request: ModelRequest): Promise<PreparedModel> {
  const { plan, chosen, wanted, watcher } = request;
  const { setup, manifest, unanswered } = await prepareRun(
    plan,
    { ...chosen, provider: wanted?.provider },
    [],
    watcher,
  );
  if (unanswered !== undefined) throw unanswered;
  const misfit = misfitOf(chosen, setup);
  if (wanted?.place === "page" && misfit !== undefined)
    throw new HarnessError(`${nameOfChosen(chosen)}: can not compute in a page`, {
      found: misfit,
      hint: "bench serve without --out, and with --provider cpu or none, has the harness compute for it",
    });
  const { source } = manifest.weights;
  const base = weightsVariantOf(plan.registry, chosen.variant);
  const weights =
    source === "checkpoint" || source === "nano" || source === "seeded"
      ? weightsRecord({ ...manifest.weights, source }, base)
      : undefined;
  const described = describeModel(request, manifest.weights);
  const model: PreparedModel = { served: { ...described, licence: shownLicence(weights) }, setup, weights };
  if (misfit !== undefined) return inHarness(model, misfit);
  if (wanted?.place === "harness") return inHarness(model, `--provider ${wanted.provider} asks for it`);
  return inPage(model, request);
}

function describeModel(
  { chosen, wanted, runWords }: ModelRequest,
  { label, sha256, source }: Manifest["weights"],
): ServedModel {
  const { preset } = chosen.variant;
  return {
    name: nameOfChosen(chosen),
    title: preset.title,
    place: "harness",
    provider: wanted?.provider,
    downloadBytes: 0,
    weights: { source: label, sha256, seeded: source === "seeded" },
    takes: { points: true, box: !preset.lacks.includes("box-prompt"), maxPoints: preset.maxPoints },
    runWords,
  };
}

function inHarness(model: PreparedModel, reason: string): PreparedModel {
  return { ...model, served: { ...model.served, reason } };
}

/** The decoder that SAM's kin open for prompts that bring a mask; a person's prompts bring none. */
const unasked = "decoder-mask";

function inPage(model: PreparedModel, { chosen: { variant }, wanted, folder }: ModelRequest): PreparedModel {
  const { [unasked]: _, ...graphs } = model.setup.graphs;
  const { graphs: addresses, files } = pageGraphs(graphs, { folder });
  const bytes = Object.fromEntries(
    Object.keys(graphs).map((graph) => [graph, bytesUnder(`${folder}${graph}/`, files)]),
  );
  const downloadBytes = bytesUnder(folder, files);
  return {
    ...model,
    served: { ...model.served, place: "page", downloadBytes },
    page: {
      // A variant without rules does not fit in a page.
      loaded: {
        preset: variant.preset,
        rules: decoderRulesOf(variant)!,
        graphs: addresses,
        bytes,
        threads: wanted?.threads,
      },
      files,
    },
  };
}

function bytesUnder(folder: string, files: PageFiles): number {
  const own = [...files].filter(([address]) => address.startsWith(folder));
  return own.reduce((sum, [, file]) => sum + sizeOf(file), 0);
}

/** Returns the licence as a page shows it. The published file's is not that of a checkpoint that somebody made of it. */
export function shownLicence(weights: PreparedModel["weights"]): ServedModel["licence"] {
  if (weights?.source === "seeded") return { name: "none is needed: values from a seed" };
  const licence = weights?.licence;
  if (licence === undefined) return undefined;
  const { name, url, restriction } = licence;
  if (weights?.source === "checkpoint" && weights.published !== true)
    return { name: `not known: this is not the published file, which is under ${name}` };
  return { name: restriction === undefined ? name : `${name}, ${restriction}`, url };
}

/** Returns why a model can not compute in a page; nothing where it can. */
function misfitOf({ variant, external }: ChosenVariant, { graphs }: ModelSetup): string | undefined {
  if (external !== undefined) return "another program answers for it";
  if (!hasWebRuntime()) return "the package onnxruntime-web is not installed: npm install onnxruntime-web";
  const bytes = Object.values(graphs)
    .flatMap(graphFilesOf)
    .reduce((sum, file) => sum + statSync(file).size, 0);
  if (bytes > mostBytes) return `its graphs have ${gigabytes(bytes)}, and a page takes ${gigabytes(mostBytes)}`;
  const misfit = pageMisfit(variant);
  return misfit === undefined ? undefined : `no page takes ${misfit} yet`;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
