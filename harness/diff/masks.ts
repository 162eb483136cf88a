import type { GraphFiles } from "../api.ts";
import type { WorkerSetup } from "../build/setup.ts";
import { HarnessError } from "../errors.ts";
import { bookOf } from "../plan/plugins/book.ts";
import { type Agreement, agreementOf } from "../results/compare/agreement/agreement.ts";
import { agreementRules } from "../results/compare/agreement/rules.ts";
import type { Side } from "../results/compare/side.ts";
import { byPrompts } from "../results/rows.ts";
import { rowsOfImages } from "../run/imageRows.ts";
import type { OpenedSide, VariantSide } from "./sides.ts";

export interface MaskRequest {
  readonly a: OpenedSide;
  readonly b: OpenedSide;
  readonly signal: AbortSignal;
  /** Receives how many images of both sides are done. */
  progress(done: number, total: number, side: string): void;
}

/** Tells how far the masks of two graphs agree, or why that is not known. */
export type MaskDifference =
  | { readonly kind: "compared"; readonly images: number; readonly dataset: string; readonly agreement: Agreement }
  | { readonly kind: "none"; readonly reason: string };

/**
 * Runs both graphs inside of a variant, on the images of its plan, and compares the masks as `bench compare` does. A file stands in
 * the place of the variant's graph that it is compared with. Throws Stopped after Ctrl-C.
 */
export async function diffMasks(request: MaskRequest): Promise<MaskDifference> {
  const graphs = graphsOfSides(request);
  if ("reason" in graphs) return { kind: "none", reason: graphs.reason };
  const { plan } = graphs.a.variant;
  const total = 2 * plan.images.length;
  const first = await sideOf(graphs.a, request, { total, before: 0 });
  const second = await sideOf(graphs.b, request, { total, before: plan.images.length });
  const rules = { ...agreementRules(bookOf(plan.registry), plan.registry), categories: plan.dataset.categories };
  const agreement = agreementOf(first, second, rules);
  if (agreement === undefined) return { kind: "none", reason: "no target of these images is prompted" };
  return { kind: "compared", images: plan.images.length, dataset: plan.dataset.id, agreement };
}

interface MaskSide {
  readonly name: string;
  readonly variant: VariantSide;
  readonly graphs: GraphFiles;
  readonly provider: string;
}

/** Returns the graphs that give masks on either side, or why there are none. */
function graphsOfSides({
  a,
  b,
}: MaskRequest): { readonly a: MaskSide; readonly b: MaskSide } | { readonly reason: string } {
  const variant = a.variant ?? b.variant;
  if (variant === undefined)
    return { reason: "both sides are files; where one is a variant, the other's graph takes its place in it" };
  const own = graphsIn(a, variant);
  const other = graphsIn(b, variant);
  if ("reason" in own) return own;
  if ("reason" in other) return other;
  return { a: { ...a, ...own }, b: { ...b, ...other } };
}

type Graphs = Pick<MaskSide, "variant" | "graphs"> | { readonly reason: string };

/** Returns a side's graphs: its own, or those of the other side with the file in the place of one of them. */
function graphsIn({ name, variant, signature }: OpenedSide, other: VariantSide): Graphs {
  if (variant !== undefined) return { variant, graphs: variant.graphs };
  const expected = other.signature;
  for (const what of ["inputs", "outputs"] as const) {
    const names = (values: typeof expected) =>
      values[what]
        .map(({ name }) => name)
        .sort()
        .join(", ");
    if (names(signature) !== names(expected))
      return { reason: `the ${what} of ${name} are called ${names(signature)}, the variant's ${names(expected)}` };
  }
  return { variant: other, graphs: { ...other.graphs, [other.part]: signature.file } };
}

interface Share {
  readonly total: number;
  /** Images of the other side, which are done. */
  readonly before: number;
}

/** Prompts the images of the plan, and returns the rows as a run would have kept them. */
async function sideOf(side: MaskSide, { signal, progress }: MaskRequest, { total, before }: Share): Promise<Side> {
  const { plan, prepared } = side.variant;
  const runtime = { ...prepared.setup.runtime, provider: side.provider };
  const setup: WorkerSetup = { ...prepared.setup, graphs: side.graphs, runtime };
  const { rows, failures } = await rowsOfImages({
    setup,
    images: plan.images,
    signal,
    stopped: "a diff keeps nothing; run it again",
    progress: (done) => progress(before + done, total, side.name),
  });
  if (failures.size === plan.images.length)
    throw new HarnessError(`${side.name}: no image gives masks`, { found: [...failures.values()][0] });
  const images = plan.images.filter((image) => !failures.has(image));
  return { manifest: prepared.manifest, images, failures, byPrompts: byPrompts(rows), turns: [] };
}
