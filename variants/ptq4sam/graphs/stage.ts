import type { GraphValue } from "../../../harness/api.ts";
import type { QuantizableModule } from "../calibrate/places.ts";

/** Values that stages hand on, by name. */
export type State = Readonly<Record<string, GraphValue>>;

/** A piece of the model between two points where few values pass: it can be a graph of its own, or a part of the whole one. */
export interface Stage {
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  add(root: QuantizableModule, state: State): State;
}
