import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type {
  BaseModel,
  CalibrationImage,
  GraphFiles,
  NamedTensors,
  OnnxGraph,
  RawVariant,
  RuntimeOptions,
} from "../../../harness/api.ts";
import { HarnessError } from "../../../harness/errors.ts";
import { writeGraph } from "../../../harness/onnx/index.ts";
import type { TappedGraph } from "./tapped.ts";

/** Number of an image's boxes that are decoded: every place of the decoder is as many times as large. */
export const promptsAnImage = 8;

/** Graphs of a model with taps, by the graph that they are of. */
export type Tapped = Readonly<Record<"encoder" | "decoder", readonly TappedGraph[]>>;

/** Sees what a tapped graph gave for one image. */
export type Watch = (taps: TappedGraph, tapped: NamedTensors) => void;

/** Runs a model's tapped graphs, image by image, by the code of its own plug-in. */
export class TappedModel {
  readonly #tapped: Tapped;
  readonly #forms: readonly RawVariant[];

  private constructor(tapped: Tapped, forms: readonly RawVariant[]) {
    this.#tapped = tapped;
    this.#forms = forms;
  }

  /** Opens the graphs; `plain` are those that have no taps, by name. */
  static async open(
    { plugin, preset }: BaseModel,
    tapped: Tapped,
    plain: ReadonlyMap<string, OnnxGraph>,
    { folder, runtime }: { readonly folder: string; readonly runtime: RuntimeOptions },
  ): Promise<TappedModel> {
    const refuse = (found: string) =>
      new HarnessError(`${preset.id}: its inner values can not be looked at`, { found: `no ${found} in its plug-in` });
    if (plugin.loadRaw === undefined) throw refuse("loadRaw");
    const files = writeAll(join(folder, "plain"), [...plain]);
    const count = Math.max(tapped.encoder.length, tapped.decoder.length);
    const forms: RawVariant[] = [];
    for (let i = 0; i < count; i++) {
      const own = (["encoder", "decoder"] as const).flatMap((name) => {
        const form = tapped[name][i] ?? tapped[name][0];
        return form === undefined ? [] : [[name, form.graph] as const];
      });
      const written = writeAll(join(folder, String(i)), own);
      const form = await plugin.loadRaw({ ...files, ...written }, runtime, preset);
      if (tapped.decoder.length > 0 && form.decodePrompts === undefined) throw refuse("decodePrompts");
      forms.push(form);
    }
    return new TappedModel(tapped, forms);
  }

  /** Runs each form of the encoder once, and each of the decoder, where there is one. */
  async run({ input, prompts }: CalibrationImage, watch: Watch): Promise<void> {
    const { encoder, decoder } = this.#tapped;
    let embedding: NamedTensors | undefined;
    for (const [i, taps] of encoder.entries()) {
      const encoded = await this.#forms[i]!.encode(input.tensor);
      watch(taps, encoded);
      embedding ??= withoutTaps(taps, encoded);
    }
    for (const [i, taps] of decoder.entries()) {
      const form = this.#forms[i]!;
      watch(taps, await form.decodePrompts!(embedding!, boxesOf(prompts, input.geometry.frame)));
    }
  }

  async close(): Promise<void> {
    for (const form of this.#forms) await form.close();
  }
}

function writeAll(folder: string, graphs: readonly (readonly [string, OnnxGraph])[]): GraphFiles {
  mkdirSync(folder, { recursive: true });
  return Object.fromEntries(graphs.map(([name, graph]) => [name, writeGraph({ ...graph, name }, folder)]));
}

/** Large values that only the calibration looks at go with the image. */
function withoutTaps({ activations, softmax }: TappedGraph, tensors: NamedTensors): NamedTensors {
  const taps = new Set([...activations, ...[...softmax.values()].flat()]);
  return Object.fromEntries(Object.entries(tensors).filter(([name]) => !taps.has(name)));
}

/** Returns an image's first boxes; the whole frame for an image without a box. */
function boxesOf(
  prompts: CalibrationImage["prompts"],
  { width, height }: { readonly width: number; readonly height: number },
): CalibrationImage["prompts"] {
  const boxes = prompts.filter(({ box }) => box !== undefined).slice(0, promptsAnImage);
  if (boxes.length > 0) return boxes;
  // An image without a box still has an encoder to calibrate.
  return [{ frame: "model", points: [], box: { x0: 0, y0: 0, x1: width, y1: height } }];
}
