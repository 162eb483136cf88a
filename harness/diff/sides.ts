import { existsSync } from "node:fs";
import { basename } from "node:path";
import type { GraphFiles, GraphKind, GraphSignature } from "../api.ts";
import { buildVariant } from "../build/build.ts";
import { type PreparedRun, prepareRun } from "../build/preparedRun.ts";
import { openWeights } from "../build/weights/openedWeights.ts";
import { HarnessError, unknown } from "../errors.ts";
import { readSignature } from "../onnx/files/signature.ts";
import { type RunPlan, resolvePlan } from "../plan/plan.ts";
import { runtimeOf } from "../plan/point.ts";
import type { RunFlags } from "../plan/runFlags.ts";
import { type RunRequest, watcherOf } from "../run/request.ts";
import type { GraphSide } from "./request.ts";

/** Holds what the user says of a side. */
export interface SideRequest {
  /** An .onnx file, or a variant's id. */
  readonly operand: string;
  /** Names the kind of a variant's graph: that which is measured, or the published operators. */
  readonly graph: GraphKind;
  /** Names the part of a variant: encoder, decoder, or another graph that it writes. */
  readonly part: string;
  readonly provider: string;
}

/** A side whose graph is on disk. */
export interface OpenedSide extends GraphSide {
  /** Present where the graph is a variant's. */
  readonly variant?: VariantSide | undefined;
}

export interface VariantSide {
  readonly plan: RunPlan;
  readonly prepared: PreparedRun;
  /** All graphs of the variant, of the kind that is compared. */
  readonly graphs: GraphFiles;
  /** The graph of these that is compared. */
  readonly part: string;
  readonly signature: GraphSignature;
}

export interface SideContext extends Pick<RunRequest, "observer" | "signal"> {
  /** Flags of a plan: weights, checkpoints, data set, files. */
  readonly flags: RunFlags;
}

/**
 * Opens an .onnx file, or builds a variant's graphs. Throws HarnessError for an operand that is neither, for a part that the variant
 * has not, and where its weights are not here.
 */
export async function openSide(request: SideRequest, context: SideContext): Promise<OpenedSide> {
  const { operand, provider } = request;
  if (operand.endsWith(".onnx"))
    return { name: basename(operand), title: basename(operand), signature: readSignature(operand), provider };
  if (existsSync(operand))
    throw new HarnessError(`${operand}: is no graph`, {
      expected: "an .onnx file or a variant",
      hint: "name the variant, and its weights with --checkpoint VARIANT=FILE",
    });
  return variantSide(request, context);
}

async function variantSide({ operand, graph, part, provider }: SideRequest, context: SideContext): Promise<OpenedSide> {
  const plan = await resolvePlan({
    ...context.flags,
    variants: operand,
    provider,
    baseline: false,
    // No figure of accuracy comes of it.
    "allow-overlap": true,
  });
  const prepared = await prepareRun(plan, plan.chosen[0]!, [], watcherOf(operand, context));
  const isBuilt = plan.chosen[0]!.variant.files === undefined;
  const graphs = graph === "reference" && isBuilt ? await referenceGraphs(plan) : prepared.setup.graphs;
  const file = graphs[part];
  if (file === undefined) throw unknown(`part of ${operand}`, part, Object.keys(graphs));
  const signature = readSignature(file);
  const name = isBuilt ? `${operand} ${graph}` : operand;
  return {
    name,
    title: `${name} (${prepared.manifest.weights.label})`,
    signature,
    provider,
    variant: { plan, prepared, graphs, part, signature },
  };
}

async function referenceGraphs(plan: RunPlan): Promise<GraphFiles> {
  const chosen = plan.chosen[0]!;
  const { variant } = chosen;
  const { checkpoint, weightsId } = await openWeights(chosen, plan.registry);
  try {
    const { provider } = runtimeOf(plan, chosen);
    return (await buildVariant({ variant, checkpoint, weightsId, graph: "reference", provider })).files;
  } finally {
    checkpoint.close();
  }
}
