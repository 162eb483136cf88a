import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { CalibrationImage, NamedTensors, RuntimeOptions, Tensor } from "../../../harness/api.ts";
import { type GraphBuilder, openSession, type Session, writeGraph } from "../../../harness/onnx/index.ts";
import { promptTensors, tokensOf } from "../../sam-decoder/prompts.ts";
import type { Stage } from "../graphs/stage.ts";
import { type Model, nextName, stageGraph } from "../graphs/stages.ts";
import type { Places } from "./places.ts";
import { noTaps, type TapOptions, type Taps, tappedPlaces } from "./tap.ts";

const defaults = {
  /** Number of an image's boxes that are decoded: every place of the decoder is as many times as large. */
  prompts: 8,
};

/** Returns the tensors that an image starts with: its pixels, and its first boxes as one batch. */
export function startOf({ input, prompts }: CalibrationImage): NamedTensors {
  const { tensor } = input;
  const boxes = prompts.slice(0, defaults.prompts);
  const side = tensor.dims[2]!;
  // An image without a box still has an encoder to calibrate; its decoder sees the whole frame.
  const whole = { frame: "model", points: [], box: { x0: 0, y0: 0, x1: side, y1: side } } as const;
  return { image: tensor, ...promptTensors((boxes.length === 0 ? [whole] : boxes).map(tokensOf)) };
}

/** Runs a stage as a graph of its own in a session. */
export class RunningStage {
  readonly stage: Stage;
  readonly taps: Taps;
  readonly #session: Session;

  private constructor(stage: Stage, taps: Taps, session: Session) {
    this.stage = stage;
    this.taps = taps;
    this.#session = session;
  }

  static async open(model: Model, stage: Stage, how: OpenStage): Promise<RunningStage> {
    const taps = noTaps();
    const places = how.places;
    const graph = stageGraph(model, stage, (builder) =>
      places === "tapped" ? tappedPlaces(builder, taps, how) : places(builder),
    );
    mkdirSync(how.folder, { recursive: true });
    return new RunningStage(
      stage,
      taps,
      await openSession(writeGraph(graph, how.folder), { ...how.runtime, memory: "given back" }),
    );
  }

  /** Runs the stage. The values that it hands on join the state; taps are returned apart. */
  async run(state: NamedTensors): Promise<{ readonly state: NamedTensors; readonly tapped: NamedTensors }> {
    const feeds = Object.fromEntries(this.stage.inputs.map((name) => [name, state[name]!]));
    const results = await this.#session.run(feeds);
    const next = this.stage.outputs.map((name) => [name, results[nextName(name)]!] as const);
    return { state: { ...state, ...Object.fromEntries(next) }, tapped: results };
  }

  close(): Promise<void> {
    return this.#session.close();
  }
}

export interface OpenStage extends TapOptions {
  readonly places: "tapped" | ((graph: GraphBuilder) => Places);
  readonly folder: string;
  readonly runtime: RuntimeOptions;
}

/** Sees what a stage's places hold for one image. */
export type Watch = (stage: RunningStage, tapped: NamedTensors) => void | Promise<void>;

/** Opens stages one after the other. All are open at once and see one image at a time, so that memory is that of one image. */
export async function openStages(model: Model, stages: readonly Stage[], how: OpenStage): Promise<RunningStage[]> {
  const running: RunningStage[] = [];
  for (const [i, stage] of stages.entries())
    running.push(await RunningStage.open(model, stage, { ...how, folder: join(how.folder, String(i)) }));
  return running;
}

export async function runStages(
  stages: readonly RunningStage[],
  start: NamedTensors,
  watch: Watch,
): Promise<NamedTensors> {
  let state = start;
  for (const stage of stages) {
    const result = await stage.run(state);
    await watch(stage, result.tapped);
    state = result.state;
  }
  return state;
}

export function closeStages(stages: readonly RunningStage[]): Promise<unknown> {
  return Promise.all(stages.map((stage) => stage.close()));
}

/** Returns the values of a batch's first prompt. */
export function firstPrompt({ dims, data }: Tensor): Float32Array {
  return data.subarray(0, data.length / dims[0]!);
}
