import type { NamedTensors } from "../../../harness/api.ts";
import { HarnessError } from "../../../harness/errors.ts";
import type { Matrix } from "../../../harness/quantize/learn/tape.ts";
import { type Calibration, openHow, requireRunning } from "../calibrate/calibrate.ts";
import type { Calibrated, CalibratedWeight } from "../calibrate/calibrated.ts";
import { type OpenStage, RunningStage, startOf } from "../calibrate/stageRunner.ts";
import { simulatedPlaces } from "../graphs/simulated.ts";
import type { Stage } from "../graphs/stage.ts";
import type { Model } from "../graphs/stages.ts";
import { reconstruct, type Seen } from "./reconstruct.ts";
import { Unit, type UnitShape, unitOf } from "./units.ts";

const defaults = {
  /** Iterations of each unit: a nano preset and 32 images take some minutes in all. */
  iterations: 100,
};

/** One image's values on their way through the model, in float and quantised as far as units are learned. */
interface Paths {
  float: NamedTensors;
  quantized: NamedTensors;
}

/**
 * Learns rounding and scales unit by unit, each on what the quantised units before it give, towards what it gives in float.
 * A unit that learning did not make better on images left out of it keeps what its statistics gave.
 * Keeps the images' values between two stages, so memory grows with their number. Every learned unit is quantised whole
 * afterwards: nothing stays dropped to float, and all its layers round hard.
 * Throws HarnessError for a model at full size: a unit's iteration takes seconds there.
 */
export async function learnUnits(calibration: Calibration, start: Calibrated, model: Model): Promise<Calibrated> {
  const { context, stages } = calibration;
  const iterations = iterationsOf(context.options);
  const units = stages.filter(({ name }) => unitOf(name, model.config) !== undefined);
  const used = stages.slice(0, stages.indexOf(units.at(-1)!) + 1);
  const total = units.length * iterations;
  let done = 0;
  let kept = 0;
  let calibrated = start;
  const paths: Paths[] = [];
  for await (const image of context.images()) {
    const state = startOf(image);
    paths.push({ float: state, quantized: state });
  }
  for (const [i, stage] of used.entries()) {
    requireRunning(context);
    const how = { ...openHow(calibration), folder: `${context.folder}/learn-${i}` };
    const shape = unitOf(stage.name, model.config);
    const seen = await seeUnit(model, stage, how, shape, paths);
    if (shape !== undefined) {
      const unit = new Unit(shape, model.config, model.checkpoint, calibrated);
      const report = () => {
        requireRunning(context);
        context.progress(++done, total, stage.name);
      };
      const { before, after } = await reconstruct(unit, seen, { seed: context.seed, iterations, report });
      if (after < before) calibrated = withUnit(calibrated, unit);
      else kept++;
    }
    await quantizedStage(model, stage, how, calibrated, paths);
  }
  return {
    ...calibrated,
    notes: [
      ...calibrated.notes,
      `learned in ${iterations} iterations a unit, of ${units.length} units; ${kept} kept what statistics gave, which erred less on images left out of learning`,
    ],
  };
}

export function refuseFullSize(calibration: Calibration): void {
  const { preset } = calibration.context;
  if (preset.size === "nano") return;
  throw new HarnessError(`${preset.id}: learning a full-size model takes days on a CPU`, {
    hint: "take ptq4sam-s or omse, which need statistics alone, or learn a nano preset",
  });
}

function iterationsOf({ iterations }: Readonly<Record<string, string>>): number {
  const count = iterations === undefined ? defaults.iterations : Number(iterations);
  if (Number.isSafeInteger(count) && count >= 1) return count;
  throw new HarnessError("--iterations: not a number of iterations", { found: iterations, expected: "at least 1" });
}

/** Returns what comes into the unit on both ways, and moves the float way on. */
async function seeUnit(
  model: Model,
  stage: Stage,
  how: OpenStage,
  shape: UnitShape | undefined,
  paths: readonly Paths[],
): Promise<Seen[]> {
  const running = await RunningStage.open(model, stage, how);
  const seen: Seen[] = [];
  for (const path of paths) {
    const float = await running.run(path.float);
    const tensors = (tapped: NamedTensors) => (shape?.inputs ?? []).map((place) => tapped[place]!);
    if (shape !== undefined) {
      const quantized = await running.run(path.quantized);
      seen.push({ float: tensors(float.tapped), quantized: tensors(quantized.tapped) });
    }
    path.float = float.state;
  }
  await running.close();
  return seen;
}

async function quantizedStage(
  model: Model,
  stage: Stage,
  how: OpenStage,
  calibrated: Calibrated,
  paths: readonly Paths[],
): Promise<void> {
  const folder = `${how.folder}-quantized`;
  const running = await RunningStage.open(model, stage, {
    ...how,
    folder,
    places: (graph) => simulatedPlaces(graph, calibrated),
  });
  for (const path of paths) path.quantized = (await running.run(path.quantized)).state;
  await running.close();
}

/** Returns the calibration with what the unit learned, every rounding decided. */
function withUnit(calibrated: Calibrated, unit: Unit): Calibrated {
  const { path } = unit.shape;
  const activations = new Map(calibrated.activations);
  const weights = new Map<string, CalibratedWeight>(calibrated.weights);
  const softmax = new Map(calibrated.softmax);
  const rescaled = <T>(quantizer: T, scale: Matrix) => ({ ...quantizer, scale: Math.max(scale.values[0]!, 2 ** -60) });
  for (const [name, { input, rounding }] of unit.layers) {
    const place = `${path}.${name}.input`;
    activations.set(place, rescaled(activations.get(place)!, input.scale));
    const weight = `${path}.${name}.weight`;
    weights.set(weight, { ...weights.get(weight)!, up: rounding.decided() });
  }
  for (const [name, { scale }] of unit.activations) {
    const place = `${path}.${name}`;
    activations.set(place, rescaled(activations.get(place)!, scale));
  }
  if (unit.softmax !== undefined) {
    const place = `${path}.softmax`;
    softmax.set(place, rescaled(softmax.get(place)!, unit.softmax.scale));
  }
  return { ...calibrated, activations, weights, softmax };
}
