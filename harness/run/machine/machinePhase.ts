import { readEnvironment } from "../../measure/environment.ts";
import { parseCpus } from "../../measure/machine/cpus.ts";
import { untimed } from "../../measure/timing.ts";
import type { RunPlan } from "../../plan/plan.ts";
import { Deadlines } from "../../process/deadlines.ts";
import { timedBoxes } from "../../prompts/timedBoxes.ts";
import type { Manifest } from "../../store/schema.ts";
import { readablePhotos } from "../photos.ts";
import type { OpenedRun, RunRequest } from "../request.ts";
import { measureColdStarts, startsLeft } from "./coldStarts.ts";
import { measureEnergy, meterOf } from "./energy.ts";

type Asked = Pick<RunPlan, "coldStart" | "energy" | "phases">;

/** Tells whether a stored run lacks what a plan asks of its machine beside latencies. */
export function lacksMachine(manifest: Manifest, plan: Asked): boolean {
  return plan.phases.includes("latency") && (lacksStarts(manifest, plan) || lacksEnergy(manifest, plan));
}

function lacksStarts(manifest: Manifest, { coldStart }: Asked): boolean {
  return coldStart === true && isOwnModel(manifest) && startsLeft(manifest) > 0;
}

function lacksEnergy(manifest: Manifest, { energy }: Asked): boolean {
  return energy === true && isOwnModel(manifest) && manifest.energy === undefined;
}

/** A floor has no model, and the sessions of another program are its own. */
function isOwnModel({ variant, external }: Manifest): boolean {
  return variant.role !== "floor" && external === undefined;
}

type Request = Pick<RunRequest, "plan" | "observer" | "signal" | "timing" | "openMeter">;

/**
 * Measures what a plan asks of the machine beside latencies, after these: each variant in processes of its own, one at a time.
 * A run whose latency was measured on another processor is left as it is, because its figures are about that one.
 */
export async function measureMachine(
  opened: readonly OpenedRun[],
  { plan, observer, signal, timing = untimed, openMeter = meterOf }: Request,
): Promise<void> {
  const lacking = opened.filter(({ run }) => lacksMachine(run.manifest, plan));
  const { model } = readEnvironment("/", []).cpu;
  const here = lacking.filter(({ run }) => run.manifest.environment.cpu.model === model);
  for (const { prepared, run } of lacking)
    if (run.manifest.environment.cpu.model !== model)
      observer.note(
        `${prepared.row}: its latency is of another processor, ${run.manifest.environment.cpu.model}: cold start and energy are not measured on this one`,
      );
  if (here.length === 0 || signal.aborted) return;
  const [image] = await readablePhotos(plan.dataset, 1);
  const photo = await plan.dataset.read(image!);
  const sample = { photo, box: timedBoxes(plan.dataset, image!, photo.size)[0]! };
  const deadlines = new Deadlines(plan.imageTimeoutMs);
  const cores = plan.cpus === undefined ? undefined : parseCpus(plan.cpus)?.length;
  const pass = { sample, observer, signal, timing, openMeter, deadlines, cores };
  await measureColdStarts(
    here.filter(({ run }) => lacksStarts(run.manifest, plan)),
    pass,
  );
  await measureEnergy(
    here.filter(({ run }) => lacksEnergy(run.manifest, plan)),
    pass,
  );
}
