import type { Checkpoint } from "../../../harness/api.ts";
import { attention, type Distances, type LearnedLog2 } from "../../../harness/quantize/learn/attentionTape.ts";
import { LearnedRounding } from "../../../harness/quantize/learn/rounding.ts";
import {
  gelu,
  geluDerivative,
  type LearnedQuantizer,
  learned,
  type Matrix,
  matrix,
  type Tape,
} from "../../../harness/quantize/learn/tape.ts";
import type { SamConfig } from "../../sam/config.ts";
import { downsample } from "../../sam-decoder/config.ts";
import type { Calibrated } from "../calibrate/calibrated.ts";

/**
 * Kind of a unit, which is reconstructed at once: an attention module or an MLP. The neck is none, and keeps what its
 * statistics gave.
 */
type UnitKind = "self attention" | "attention" | "gelu mlp" | "relu mlp";

export interface UnitShape {
  readonly kind: UnitKind;
  readonly path: string;
  /** Places of the unit's inputs: one, or those of queries, keys and values. */
  readonly inputs: readonly string[];
  /** Tokens along the side of an attended square: only the encoder's attention has one. */
  readonly side?: number;
}

/** Returns the unit of a stage, if it has one. */
export function unitOf(stage: string, config: SamConfig): UnitShape | undefined {
  const block = /^image_encoder\.blocks\.(\d+)\.(attn|mlp)$/.exec(stage);
  if (block?.[2] === "attn") {
    const side = config.globalBlocks.includes(Number(block[1])) ? config.side / config.patch : config.window;
    return { kind: "self attention", path: stage, inputs: [`${stage}.qkv.input`], side };
  }
  if (block?.[2] === "mlp") return { kind: "gelu mlp", path: stage, inputs: [`${stage}.lin1.input`] };
  if (!stage.startsWith("mask_decoder.transformer.")) return undefined;
  if (stage.endsWith(".mlp")) return { kind: "relu mlp", path: stage, inputs: [`${stage}.lin1.input`] };
  return { kind: "attention", path: stage, inputs: ["q", "k", "v"].map((each) => `${stage}.${each}_proj.input`) };
}

interface Layer {
  readonly weight: Matrix;
  readonly bias: Float32Array;
  readonly rounding: LearnedRounding;
  readonly input: LearnedQuantizer;
}

/** One sample of a unit's inputs. */
export interface UnitInput {
  readonly matrices: readonly Matrix[];
  /** Tokens whose outputs are wanted, in self attention. All tokens are attended to; without this all of them attend. */
  readonly queries?: readonly number[];
}

/** Mode of a run: in float, or quantised with some elements dropped back to float. */
type UnitMode =
  | { readonly quantized: false }
  | { readonly quantized: true; readonly rounding: "soft" | "decided"; dropped(index: number): boolean };

/** Places that an attention quantises besides the inputs of its layers and its softmax. */
const places = ["query", "key", "value"] as const;

type AttentionParts = Readonly<Record<(typeof places)[number], Matrix>>;

/** Runs a unit's operators and holds all that is learned of them. */
export class Unit {
  readonly shape: UnitShape;
  readonly layers: ReadonlyMap<string, Layer>;
  readonly activations: ReadonlyMap<string, LearnedQuantizer>;
  readonly softmax: LearnedQuantizer | LearnedLog2 | undefined;
  readonly #heads: number;
  readonly #distances: Pick<Distances, "rows" | "columns"> | undefined;

  constructor(shape: UnitShape, config: SamConfig, checkpoint: Checkpoint, calibrated: Calibrated) {
    const { kind, path, side } = shape;
    this.shape = shape;
    const take = (name: string, dims: readonly number[]) => checkpoint.take(`${path}.${name}`, dims).read();
    this.layers = new Map(
      layersOf(shape, config).map(([name, outputs, inputs]) => {
        const values = take(`${name}.weight`, [outputs, inputs]);
        return [
          name,
          {
            weight: matrix(outputs, inputs, values),
            bias: take(`${name}.bias`, [outputs]),
            rounding: new LearnedRounding(values, calibrated.weights.get(`${path}.${name}.weight`)!),
            input: learned(calibrated.activations.get(`${path}.${name}.input`)!),
          },
        ];
      }),
    );
    const attends = kind === "self attention" || kind === "attention";
    this.activations = new Map(
      (attends ? places : []).map((name) => [name, learned(calibrated.activations.get(`${path}.${name}`)!)]),
    );
    this.softmax = attends ? learnedSoftmax(calibrated, `${path}.softmax`) : undefined;
    this.#heads = kind === "self attention" ? config.heads : config.decoder.heads;
    if (side === undefined) return;
    const dims = [2 * side - 1, config.width / config.heads];
    this.#distances = { rows: take("rel_pos_h", dims), columns: take("rel_pos_w", dims) };
  }

  run(tape: Tape, input: UnitInput, mode: UnitMode): Matrix {
    const { kind } = this.shape;
    const [first] = input.matrices as [Matrix];
    if (kind === "self attention") {
      const joint = this.#linear(tape, "qkv", first, mode);
      const width = joint.columns / 3;
      const part = (i: number) => tape.columns(joint, i * width, width);
      const parts = { query: part(0), key: part(1), value: part(2) };
      return this.#linear(tape, "proj", this.#attend(tape, parts, mode, input.queries), mode);
    }
    if (kind === "attention") {
      const project = (i: number, name: string) => this.#linear(tape, name, input.matrices[i]!, mode);
      const parts = { query: project(0, "q_proj"), key: project(1, "k_proj"), value: project(2, "v_proj") };
      return this.#linear(tape, "out_proj", this.#attend(tape, parts, mode), mode);
    }
    const hidden = this.#linear(tape, "lin1", first, mode);
    const activated =
      kind === "gelu mlp"
        ? tape.map(hidden, gelu, geluDerivative)
        : tape.map(
            hidden,
            (x) => Math.max(x, 0),
            (x) => (x > 0 ? 1 : 0),
          );
    return this.#linear(tape, "lin2", activated, mode);
  }

  #linear(tape: Tape, name: string, x: Matrix, mode: UnitMode): Matrix {
    const { weight, bias, rounding, input } = this.layers.get(name)!;
    if (!mode.quantized) return tape.linear(x, weight, bias);
    return tape.linear(tape.quantize(x, input, mode.dropped), rounding.weight(tape, mode.rounding), bias);
  }

  /** Attends; `queries` are the tokens whose queries count, or all tokens where it is left out. */
  #attend(tape: Tape, parts: AttentionParts, mode: UnitMode, queries?: readonly number[]): Matrix {
    const quantized = (name: (typeof places)[number], part: Matrix) =>
      mode.quantized ? tape.quantize(part, this.activations.get(name)!, mode.dropped) : part;
    const query = quantized("query", queries === undefined ? parts.query : tape.rows(parts.query, queries));
    const key = quantized("key", parts.key);
    const value = quantized("value", parts.value);
    const width = query.columns / this.#heads;
    const distances = this.#distances === undefined ? undefined : this.#distancesOf(key.rows, queries);
    const heads = Array.from({ length: this.#heads }, (_, head) => {
      const of = (part: Matrix) => tape.columns(part, head * width, width);
      return attention(tape, {
        query: of(query),
        key: of(key),
        value: of(value),
        distances,
        softmax: mode.quantized ? this.softmax : undefined,
        dropped: mode.quantized ? mode.dropped : () => false,
      });
    });
    return tape.join(heads);
  }

  #distancesOf(tokens: number, queries?: readonly number[]): Distances {
    const keyPlaces = Array.from({ length: tokens }, (_, place) => place);
    return { ...this.#distances!, side: this.shape.side!, queryPlaces: queries ?? keyPlaces, keyPlaces };
  }
}

function learnedSoftmax({ softmax }: Calibrated, place: string): LearnedQuantizer | LearnedLog2 {
  const quantizer = softmax.get(place)!;
  if (!("tau" in quantizer)) return learned(quantizer);
  const { bits, tau, scale } = quantizer;
  return { bits, tau, scale: matrix(1, 1, Float32Array.of(scale)) };
}

/** Returns the name, the outputs and the inputs of each linear layer. */
function layersOf({ kind, path }: UnitShape, { width, decoder }: SamConfig): [string, number, number][] {
  const { embedding, mlp } = decoder;
  switch (kind) {
    case "self attention":
      return [
        ["qkv", 3 * width, width],
        ["proj", width, width],
      ];
    case "gelu mlp":
      return [
        ["lin1", 4 * width, width],
        ["lin2", width, 4 * width],
      ];
    case "relu mlp":
      return [
        ["lin1", mlp, embedding],
        ["lin2", embedding, mlp],
      ];
    case "attention": {
      const inner = path.endsWith(".self_attn") ? embedding : embedding / downsample;
      return [
        ...["q_proj", "k_proj", "v_proj"].map((name): [string, number, number] => [name, inner, embedding]),
        ["out_proj", embedding, inner],
      ];
    }
  }
}
