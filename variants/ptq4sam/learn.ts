import type { NamedTensors, Tensor } from "../../harness/api.ts";
import { HarnessError } from "../../harness/errors.ts";
import { Adam } from "../../harness/quantize/adam.ts";
import { type Matrix, matrix, Tape } from "../../harness/quantize/tape.ts";
import { integer, random, sampleWithoutReplacement } from "../../harness/stats/random.ts";
import { type Calibration, openHow, requireRunning } from "./calibrate.ts";
import type { Calibrated, CalibratedWeight } from "./calibrated.ts";
import { simulatedPlaces } from "./simulated.ts";
import { type OpenStage, RunningStage, startOf } from "./stageRunner.ts";
import type { Model, Stage } from "./stages.ts";
import { Unit, type UnitInput, type UnitShape, unitOf } from "./units.ts";

const defaults = {
  iterations: 150,
  /** Rows of a unit's inputs that an iteration sees: queries, and keys. */
  rows: { queries: 128, keys: 256 },
  /** Published: 1e-3 and 4e-5 over 20,000 iterations; fewer iterations have to go further in each. */
  rates: { rounding: 0.02, scale: 2e-3 },
  regulariser: { weight: 0.01, warmUp: 0.2, from: 20, to: 2 },
};

/** One image's way through the model, in float and quantised as far as units are learned. */
interface Paths {
  float: NamedTensors;
  quantized: NamedTensors;
}

/** What a unit saw of one image. */
interface Seen {
  readonly float: readonly Tensor[];
  readonly quantized: readonly Tensor[];
}

/**
 * Learns rounding and scales unit by unit, each on what the quantised units before it give, towards what it gives in float.
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
  let calibrated = start;
  const paths: Paths[] = [];
  for await (const image of context.images()) {
    const state = startOf(image);
    paths.push({ float: state, quantized: state });
  }
  for (const [i, stage] of used.entries()) {
    requireRunning(context);
    const how = { ...openHow(context), folder: `${context.folder}/learn-${i}` };
    const shape = unitOf(stage.name, model.config);
    const seen = await seeUnit(model, stage, how, shape, paths);
    if (shape !== undefined) {
      const unit = new Unit(shape, model.config, model.checkpoint, calibrated);
      const report = () => context.progress(++done, total, stage.name);
      learnUnit(unit, seen, { seed: context.seed, iterations, report });
      calibrated = withUnit(calibrated, unit);
    }
    await quantizedStage(model, stage, how, calibrated, paths);
  }
  return {
    ...calibrated,
    notes: [...calibrated.notes, `learned in ${iterations} iterations a unit, of ${units.length} units`],
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

/** What comes into the unit on both ways; the float way goes on. */
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

interface Learning {
  readonly seed: number;
  readonly iterations: number;
  report(): void;
}

function learnUnit(unit: Unit, seen: readonly Seen[], { seed, iterations, report }: Learning): void {
  const { rates, regulariser } = defaults;
  const layers = [...unit.layers.values()];
  const scales = [
    ...layers.map(({ input }) => input),
    ...unit.activations.values(),
    ...(unit.softmax ? [unit.softmax] : []),
  ];
  const roundings = new Adam(layers.map(({ rounding }) => ({ matrix: rounding.variable, rate: rates.rounding })));
  const ranges = new Adam(scales.map(({ scale }) => ({ matrix: scale, rate: rates.scale * scale.values[0]! })));
  const stream = random(seed, "reconstruction", unit.shape.path);
  const dropped = coinFlips(Math.floor(stream.next() * 2 ** 32));
  for (let iteration = 0; iteration < iterations; iteration++) {
    const { float, mixed } = drawInput(unit.shape, seen[integer(stream, seen.length)]!, stream, dropped);
    const target = unit.run(new Tape(), float, { quantized: false });
    const tape = new Tape();
    const result = unit.run(tape, mixed, { quantized: true, dropped });
    for (let i = 0; i < result.values.length; i++)
      result.gradient[i] = (2 * (result.values[i]! - target.values[i]!)) / result.rows;
    tape.backward();
    const progress = iteration / iterations;
    if (progress >= regulariser.warmUp) {
      const share = (progress - regulariser.warmUp) / (1 - regulariser.warmUp);
      const beta = regulariser.to + (regulariser.from - regulariser.to) * (1 - share);
      for (const { rounding } of layers) rounding.regularize(regulariser.weight, beta);
    }
    roundings.step();
    ranges.step(0.5 * (1 + Math.cos(Math.PI * progress)));
    report();
  }
}

/**
 * Half of the draws, by a generator of one word: a unit drops hundreds of thousands of elements an iteration.
 * Source: Marsaglia, Xorshift RNGs, 2003.
 */
function coinFlips(seed: number): () => boolean {
  let word = seed | 1;
  return () => {
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
    return (word & 0x10000) !== 0;
  };
}

/** The same rows of the float inputs, and of both ways mixed element by element. */
function drawInput(
  { kind, side }: UnitShape,
  { float, quantized }: Seen,
  stream: ReturnType<typeof random>,
  dropped: () => boolean,
): { readonly float: UnitInput; readonly mixed: UnitInput } {
  const { queries, keys } = defaults.rows;
  const [groups, tokens] = float[0]!.dims as [number, number, number];
  const attends = kind === "attention" || kind === "self attention";
  const group = integer(stream, groups);
  const rowsOf = (count: number, most: number) => sampleWithoutReplacement(stream, count, Math.min(count, most));
  const first = rowsOf(attends ? tokens : groups * tokens, queries);
  const other = kind === "attention" ? rowsOf(float[1]!.dims[1]!, keys) : first;
  // In self attention of prompt tokens queries and keys are the same; it does not matter in which order they come.
  const rows = [first, other, other];
  const offset = (i: number) => (attends ? group * float[i]!.dims[1]! : 0);
  const pick = (tensors: readonly Tensor[], i: number) => pickRows(tensors[i]!, rows[i]!, offset(i));
  const exact = float.map((_, i) => pick(float, i));
  const mixed = float.map((_, i) => {
    const [plain, coarse] = [exact[i]!, pick(quantized, i)];
    return matrix(
      plain.rows,
      plain.columns,
      coarse.values.map((value, at) => (dropped() ? plain.values[at]! : value)),
    );
  });
  const places = side === undefined ? {} : { places: first };
  return { float: { matrices: exact, ...places }, mixed: { matrices: mixed, ...places } };
}

function pickRows({ dims, data }: Tensor, rows: readonly number[], offset: number): Matrix {
  const width = dims.at(-1)!;
  const picked = matrix(rows.length, width);
  for (const [i, row] of rows.entries())
    picked.values.set(data.subarray((offset + row) * width, (offset + row + 1) * width), i * width);
  return picked;
}

/** The calibration with what the unit learned, all of it decided. */
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
