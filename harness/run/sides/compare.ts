import type { Dataset } from "../../api.ts";
import { HarnessError } from "../../errors.ts";
import { bookOf } from "../../plan/plugins/book.ts";
import { agreementRules } from "../../results/compare/agreement/rules.ts";
import { applicableMetrics, judgementsOf } from "../../results/compare/applicable.ts";
import { type Comparison, compareRuns } from "../../results/compare/compare.ts";
import { withHeldAnnotations } from "../../results/compare/heldAnnotations.ts";
import { readSide } from "../../results/compare/readSide.ts";
import type { Side } from "../../results/compare/side.ts";
import { chosenMetrics } from "../../results/knownProtocol.ts";
import { requireKnownTargets } from "../../results/knownTargets.ts";
import { datasetOfRun } from "../../results/runDataset.ts";
import { latencyOfSides } from "./latency.ts";
import { type Operand, type OperandContext, readOperand, runsOfOperands } from "./operands.ts";

export interface SidesRequest {
  /** Runs, variants or files; the first is the one that all others are compared with. */
  readonly names: readonly string[];
  /** Ids of metrics; those that apply to the sides without it. */
  readonly metrics?: readonly string[];
  /** Latency is measured anew in so many rounds, by turns. */
  readonly rounds?: number;
  readonly seed: number;
  /** Folder of the photos and annotations, where it is not the one of the runs. */
  readonly data?: string;
}

/** Comparisons, and what they were made of. */
export interface ComparedOperands {
  /** One for each of `others`, in their order. */
  readonly comparisons: readonly Comparison[];
  readonly a: Side;
  readonly others: readonly Side[];
  /** Photos and annotations; absent where their folder is not known. */
  readonly dataset?: Dataset | undefined;
}

/**
 * Compares each of the others with the first. What was not measured yet is run first, on the plan of the first; no model is
 * run for what is stored. Throws HarnessError for a name that stands for nothing, and for sides on other data.
 */
export async function compareOperands(
  { names, metrics, rounds, seed, data }: SidesRequest,
  context: OperandContext,
): Promise<ComparedOperands> {
  const book = bookOf(context.registry);
  const wanted = chosenMetrics(metrics, book);
  const operands: Operand[] = [];
  for (const name of names) operands.push(await readOperand(name, context));
  const runs = await runsOfOperands(operands, context);
  const read: Side[] = [];
  for (const run of runs) read.push(await readSide(run, context.flags.prompts));
  const sides = read as [Side, ...Side[]];
  requireCompared(context.flags.external ?? [], sides);
  const latency = await latencyOfSides(sides, operands, { ...context, rounds });
  const [a, ...others] = sides;
  const found = await datasetOfRun(a.manifest, a.images, { plugins: context.plugins, data });
  const dataset = found && withHeldAnnotations(found);
  if (dataset !== undefined)
    for (const [i, { byPrompts }] of sides.entries())
      for (const rows of byPrompts.values()) requireKnownTargets(runs[i]!, rows, dataset);
  const comparisons = compareRuns(a, others, {
    metrics: metrics === undefined ? applicableMetrics(wanted, sides, dataset !== undefined) : wanted,
    judged: judgementsOf(sides, book),
    agreement: agreementRules(book, context.registry),
    seed,
    dataset,
    latency,
  });
  return { comparisons, a, others, dataset };
}

/** Throws HarnessError for a program, `NAME=COMMAND`, that is given and answers for no side. */
function requireCompared(external: readonly string[], sides: readonly Side[]): void {
  for (const given of external) {
    const name = given.slice(0, given.indexOf("="));
    if (sides.some(({ manifest }) => manifest.variant.id === name)) continue;
    throw new HarnessError(`--external ${name}=…: ${name} is not compared`, {
      found: sides.map(({ manifest }) => manifest.variant.id).join(", "),
      hint: "name it as a side, or leave it out",
    });
  }
}
