import type { GraphSignature } from "../api.ts";
import type { SharedInputs } from "./inputs.ts";

/** One side of a diff: a graph, and where it runs. */
export interface GraphSide {
  /** The variant and the kind of its graph, or the file's name. */
  readonly name: string;
  /** The name with the weights. */
  readonly title: string;
  readonly signature: GraphSignature;
  readonly provider: string;
}

/** Receives what a diff tells while it goes on. */
export interface DiffObserver {
  note(text: string): void;
  /** Receives how many runs of a graph are done; the total grows where memory turns out to be less. */
  runs(done: number, total: number, what: string): void;
}

export interface DiffRequest {
  readonly a: GraphSide;
  readonly b: GraphSide;
  readonly inputs: SharedInputs;
  /** Largest error over the spread of A's values that counts as the same. */
  readonly tolerance: number;
  /** Bytes that a process which runs a graph may take. */
  readonly memoryBytes: number;
  readonly threads: number;
  /** Folder for values on their way from one process to the other; it is empty again at the end. */
  readonly folder: string;
  readonly observer: DiffObserver;
  readonly signal: AbortSignal;
}
