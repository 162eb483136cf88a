import type { PredictionRow } from "../../../api.ts";
import type { Side } from "../side.ts";
import { type PairedRows, pairedRows, type RowPair } from "./pairs.ts";

/**
 * Pairs the rows of a prompts name that both runs have, or returns the reason why their masks are not compared; `everything` has
 * the ids of the protocols of everything mode.
 */
export function comparableRows(
  a: Side,
  b: Side,
  { prompts, everything }: { readonly prompts: string; readonly everything: ReadonlySet<string> },
): { readonly reason: string } | { readonly paired: PairedRows } {
  const own = a.manifest.protocols[prompts]!;
  const other = b.manifest.protocols[prompts]!;
  if (own !== other) return { reason: `prompted by ${own} in A and by ${other} in B` };
  if (everything.has(own))
    return { reason: "everything mode keeps masks of a photo, not one for each prompt: none of A belongs to one of B" };
  const paired = pairedRows(a, b, prompts);
  const [first] = paired.askedOtherwise;
  if (first === undefined) return { paired };
  const asked = paired.askedOtherwise.length;
  const all = asked + paired.pairs.length;
  return { reason: `${asked} of ${all} prompts differ, such as ${promptsText(first)}${causeOf(a, b)}` };
}

function promptsText({ a, b }: RowPair): string {
  return `image ${a.image}, target ${a.target}: ${promptText(a.prompt)} in A, ${promptText(b.prompt)} in B`;
}

function promptText({ points, box }: PredictionRow["prompt"]): string {
  const parts = points.map(({ x, y, label }) => `point ${x} ${y}${label === 1 ? "" : " (background)"}`);
  if (box !== undefined) parts.push(`box ${box.x0} ${box.y0} ${box.x1} ${box.y1}`);
  return parts.length === 0 ? "nothing" : parts.join(", ");
}

/** Returns what two runs that were asked otherwise differ in, where their manifests say it. */
function causeOf({ manifest: a }: Side, { manifest: b }: Side): string {
  if (a.seed !== b.seed) return `; the seeds are ${a.seed} and ${b.seed}`;
  // Behind the fingerprint's first word stands what was prompted in place of the data set's own targets.
  const prompted = (fingerprint: string) => fingerprint.split(" ").slice(1).join(" ");
  return prompted(a.dataset.fingerprint) === prompted(b.dataset.fingerprint) ? "" : "; the runs have other --boxes";
}
