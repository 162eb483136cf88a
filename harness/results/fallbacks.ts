import type { Assignment } from "../onnx/trace/assignment.ts";
import { processor } from "../store/rowName.ts";
import type { Manifest } from "../store/schema.ts";

const defaults = {
  /** Operators that a sentence names; the others are counted. */
  named: 3,
};

/** Returns a sentence for each graph of a run that did not run on its provider alone. */
export function fallbackTexts({ provider, assignments = [] }: Manifest["runtime"]): readonly string[] {
  if (provider === processor) return [];
  return assignments.flatMap((each) => (isWhole(each) ? [] : [fallbackText(each)]));
}

function isWhole({ fallbacks, copies }: Assignment): boolean {
  return fallbacks.length === 0 && copies.toProcessor + copies.toDevice === 0;
}

/**
 * Says how many nodes of a graph ran elsewhere, which and for how long, and what copies cost: `12 of 340 nodes of its encoder run on
 * the processor (3 Round 0.05 ms, 9 Shape 0.01 ms); 4 copies take at most 3.1 % of its time`.
 */
export function fallbackText({ graph, nodes, fallbacks, copies, copiesShare }: Assignment): string {
  const away = fallbacks.reduce((sum, each) => sum + each.nodes, 0);
  const first = fallbacks.slice(0, defaults.named).map(({ operator, nodes: own, ms }) => {
    return `${own} ${operator} ${ms < 0.01 ? "under 0.01" : Number(ms.toPrecision(2))} ms`;
  });
  const others = fallbacks.slice(defaults.named).reduce((sum, each) => sum + each.nodes, 0);
  const more = others === 0 ? "" : `, ${others} more`;
  const named = fallbacks.length === 0 ? "" : ` (${first.join(", ")}${more})`;
  return `${away} of ${nodes} nodes of its ${graph} run on ${placeOf(fallbacks)}${named}; ${copiesText(copies, copiesShare)}`;
}

function placeOf(fallbacks: Assignment["fallbacks"]): string {
  const places = new Set(fallbacks.map(({ provider }) => (provider === processor ? "the processor" : provider)));
  return places.size === 0 ? "the processor" : [...places].join(" or ");
}

function copiesText({ toProcessor, toDevice }: Assignment["copies"], share: number | undefined): string {
  const count = toProcessor + toDevice;
  const copies = count === 0 ? "no copies" : count === 1 ? "1 copy" : `${count} copies`;
  if (count === 0) return copies;
  if (share === undefined) return `${copies}, whose time its profile does not show`;
  return `${copies} and the handing over of work take at most ${(100 * share).toFixed(1)} % of its time`;
}
