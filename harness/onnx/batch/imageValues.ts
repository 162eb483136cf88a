import type { GraphValue } from "../../api.ts";
import type { GraphBuilder } from "../graph.ts";

/** One tensor for each image of a batch. It has up to two forms in the graph, and each is added when it is first asked for. */
export class ImageValues {
  /** Dimensions of one image's tensor. */
  readonly dims: readonly number[];
  readonly #graph: GraphBuilder;
  readonly #batch: number;
  #joined: GraphValue | undefined;
  #parts: readonly GraphValue[] | undefined;

  constructor(graph: GraphBuilder, batch: number, dims: readonly number[], given: GraphValue | readonly GraphValue[]) {
    this.#graph = graph;
    this.#batch = batch;
    this.dims = dims;
    if ("name" in given) this.#joined = given;
    else this.#parts = given;
  }

  /** Image after image along the first axis: [batch · d0, d1, …]. */
  get joined(): GraphValue {
    this.#joined ??= this.#graph.op("Concat", [...this.#parts!], { axis: 0 });
    return this.#joined;
  }

  /** Each image's tensor by itself. */
  get parts(): readonly GraphValue[] {
    if (this.#parts === undefined) {
      const sizes = this.#graph.ints(new Array<number>(this.#batch).fill(this.dims[0]!));
      this.#parts = this.#graph.ops("Split", [this.joined, sizes], { axis: 0 }, { outputs: this.#batch });
    }
    return this.#parts;
  }

  /** Images along an axis of their own: [batch, 1, …, d0, d1, …], with ones until `rank` dimensions follow the first. */
  apart(rank = this.dims.length): GraphValue {
    const ones = new Array<number>(Math.max(0, rank - this.dims.length)).fill(1);
    return this.#graph.op("Reshape", [this.joined, this.#graph.ints([this.#batch, ...ones, ...this.dims])]);
  }
}

/** Returns the dimensions of `ImageValues.joined`. */
export function joinedDims(batch: number, [first, ...rest]: readonly number[]): readonly number[] {
  return [batch * first!, ...rest];
}
