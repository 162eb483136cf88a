import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PreparedRun } from "../build/preparedRun.ts";
import { HarnessError } from "../errors.ts";
import type { Warning } from "../measure/drift.ts";
import { type Timing, untimed } from "../measure/timing.ts";
import type { RunPlan } from "../plan/plan.ts";
import { runtimeOf } from "../plan/point.ts";
import { Deadlines } from "../process/deadlines.ts";
import { timedBoxes } from "../prompts/timedBoxes.ts";
import type { Manifest } from "../store/schema.ts";
import type { ProviderError, ProviderFindings } from "../worker/providerError.ts";
import { startProviderProcess, WorkerDied, WorkerFailed } from "../worker/workerProcess.ts";
import { readablePhotos } from "./photos.ts";

const defaults = {
  /** The table has a warning over this error, as a share of the std. */
  warnedOver: 1e-3,
  /** A run ends over this error, as a share of the std, unless the user accepts it. */
  refusedOver: 2e-2,
  /** This many boxes of the image are decoded. */
  boxes: 4,
};

/**
 * Compares what the plan's provider makes of the first photo with what the processor makes of it. Returns nothing on the
 * processor itself, and for a floor, which has no graph.
 * Throws HarnessError where they are too far apart and `--accept-error` is not given, or where the outputs are no numbers.
 */
export async function checkProvider(
  { row, setup, cpuGraphs, measuresLatency, int8Error }: PreparedRun,
  plan: RunPlan,
  timing: Timing = untimed,
): Promise<ProviderFindings | undefined> {
  const { provider } = setup.runtime;
  if (provider === "cpu" || !measuresLatency) return undefined;
  const [image] = await readablePhotos(plan.dataset, 1);
  const photo = await plan.dataset.read(image!);
  const boxes = timedBoxes(plan.dataset, image!, photo.size).slice(0, defaults.boxes);
  const trace = mkdtempSync(join(tmpdir(), "sam-bench-provider-"));
  let found: ProviderFindings;
  try {
    const traced = { ...setup, runtime: { ...setup.runtime, trace } };
    const { worker } = await startProviderProcess(traced, new Deadlines(plan.imageTimeoutMs), {
      timing,
      phase: "provider",
    });
    try {
      found = await worker.call("compare", { sample: { photo, boxes }, cpuGraphs }, "provider-compare");
    } finally {
      await worker.close();
    }
  } finally {
    rmSync(trace, { recursive: true, force: true });
  }
  requireAcceptable(found.error, { variant: row, provider, accepted: plan.acceptError === true, int8Error });
  return found;
}

/** Returns what was found out about the provider, or the reason where the variant fails on it. Throws as checkProvider does, for a provider alone. */
export async function providerFindingsOf(
  prepared: PreparedRun,
  plan: RunPlan,
  timing: Timing | undefined,
): Promise<ProviderFindings | HarnessError | undefined> {
  try {
    return await checkProvider(prepared, plan, timing);
  } catch (error) {
    if (error instanceof WorkerFailed || error instanceof WorkerDied) return error;
    // Beside other providers, the rows of one that is missing or wrong fail alone.
    if (error instanceof HarnessError && hasSeveralProviders(plan)) return error;
    throw error;
  }
}

function hasSeveralProviders(plan: RunPlan): boolean {
  const models = plan.chosen.filter(({ variant }) => variant.preset.role !== "floor");
  return new Set(models.map((each) => runtimeOf(plan, each).provider)).size > 1;
}

interface Checked {
  readonly variant: string;
  readonly provider: string;
  readonly accepted: boolean;
  /** Error of the variant itself against its float model, where it multiplies integers. */
  readonly int8Error?: number | undefined;
}

/**
 * Throws HarnessError for an error that no rounding explains. Activations that become integers turn a difference of 1e-6 into one of
 * a whole step wherever they lie on a border, so that integer methods may differ by as much as their steps do.
 */
export function requireAcceptable(error: ProviderError, { variant, provider, accepted, int8Error = 0 }: Checked): void {
  const allowed = Math.max(defaults.refusedOver, int8Error);
  const largest = largestOf(error);
  if (!Number.isFinite(largest))
    throw new HarnessError(`${variant}: what provider ${provider} computes can not be compared with the processor's`, {
      found: "values that are no numbers, or another number of masks",
      hint: "measure on the processor: --provider cpu",
    });
  if (largest <= allowed || accepted) return;
  throw new HarnessError(`${variant}: provider ${provider} computes something else than the processor`, {
    found: describeError(error),
    expected: `at most ${allowed} of the std`,
    hint: "--provider cpu is right; --accept-error measures all the same, and the table says how far it is off",
  });
}

/** Warns where a provider's outputs differ from the processor's by more than rounding. */
export function providerWarnings({ provider, providerError }: Manifest["runtime"]): readonly Warning[] {
  if (providerError === undefined || largestOf(providerError) <= defaults.warnedOver) return [];
  const text = `what provider ${provider} computes differs from the processor's (${describeError(providerError)}): masks and figures of accuracy may too. \`bench run --provider cpu\` has the processor's.`;
  return [{ about: "provider", text }];
}

/** Describes the error of one stage or both, as a share of the outputs' std. */
function describeError({ encode, decode }: ProviderError): string {
  const stage = (name: string, value: number) => `${name} off by ${Number(value.toPrecision(2))} of the std`;
  return [stage("encode", encode), ...(decode === undefined ? [] : [stage("decode", decode)])].join(", ");
}

/** Returns the worst error of each stage over all shards. */
export function worstError(errors: readonly ProviderError[]): ProviderError | undefined {
  if (errors.length === 0) return undefined;
  const decodes = errors.flatMap(({ decode }) => (decode === undefined ? [] : [decode]));
  return {
    encode: Math.max(...errors.map(({ encode }) => encode)),
    decode: decodes.length === 0 ? undefined : Math.max(...decodes),
  };
}

function largestOf({ encode, decode = 0 }: ProviderError): number {
  return Math.max(encode, decode);
}
