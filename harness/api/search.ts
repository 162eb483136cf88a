import type { OnnxGraph } from "./graphs.ts";
import type { Checkpoint } from "./weights.ts";

/** A gene is one choice that a search makes. */
export interface Gene {
  /** Name of the part that is decided: "blocks 3+4". */
  readonly name: string;
  /** Genes of one stage belong together: their values may not fall from one to the next. */
  readonly stage: number;
  /** Possible values, ascending; the first stands for the whole computation. */
  readonly values: readonly number[];
}

/** The settings of a method that `bench search` chooses among, and the parts that their encoders are made of. */
export interface SearchSpace {
  readonly genes: readonly Gene[];
  /** Returns the id with these values, one a gene. */
  idOf(values: readonly number[]): string;
  /** Returns the parts of the encoder by name, each as often as it occurs: their times add up to the encoder's. */
  partsOf(values: readonly number[]): readonly string[];
  /** Returns one part as a graph of its own. */
  part(name: string, checkpoint: Checkpoint): OnnxGraph;
}
