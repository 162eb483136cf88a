import { HarnessError, unknown } from "../../errors.ts";
import type { Agreement } from "../../results/compare/agreement/agreement.ts";
import {
  type AgreementFigure,
  type AgreementFigures,
  agreementTable,
} from "../../results/compare/agreement/figures.ts";
import type { Comparison } from "../../results/compare/compare.ts";

/** A figure of the agreement that a condition names: of one prompts name, or of all targets together. */
interface NamedFigure {
  readonly name: string;
  readonly figure: AgreementFigure;
  readonly prompts?: string | undefined;
}

/** Reads `mask-iou` and `mask-iou.box`; nothing where the name is of no figure of the agreement. */
export function namedAgreement(name: string): NamedFigure | undefined {
  const [id, ...rest] = name.split(".");
  const figure = agreementTable.find((each) => each.id === id);
  if (figure === undefined) return undefined;
  return { name, figure, prompts: rest.length === 0 ? undefined : rest.join(".") };
}

/** Returns the names by which a condition reaches the agreement of a comparison. */
export function agreementNames({ agreement }: Comparison): readonly string[] {
  if (agreement === undefined) return [];
  const endings = ["", ...agreement.prompts.map(({ prompts }) => `.${prompts}`)];
  return agreementTable.flatMap(({ id }) => endings.map((ending) => `${id}${ending}`));
}

/**
 * Returns the value that a condition on the agreement, which the user typed as `text`, is about. Throws HarnessError where there is none, and where it would be
 * silent about prompts that were not compared: a gate that can not be judged must not pass.
 */
export function agreementValue(text: string, { name, figure, prompts }: NamedFigure, comparison: Comparison): number {
  const { agreement } = comparison;
  if (agreement === undefined)
    throw new HarnessError(`--fail-if "${text}": the two runs share no masks`, {
      found: `${comparison.a.id} and ${comparison.b.id}`,
      hint: "bench list runs shows the prompts of each; seeded weights have no masks that mean anything",
    });
  requireCompared(text, agreement, prompts);
  const figures =
    prompts === undefined ? agreement.all : agreement.prompts.find((compared) => compared.prompts === prompts);
  if (figures === undefined) throw unknown("figure in --fail-if", name, agreementNames(comparison));
  const value = figure.valueIn(figures);
  if (value !== undefined) return value;
  throw new HarnessError(`--fail-if "${text}": nothing was compared for it`, {
    found: figures.n === 0 ? "no target that both have" : absentBecause(figure, agreement, figures),
    hint: figures.sameDetection === undefined ? "mask-iou needs no token" : "same-detection is the figure of detectors",
  });
}

function absentBecause({ needs }: AgreementFigure, { tokensLeftOut }: Agreement, figures: AgreementFigures): string {
  if (needs !== "detections") return tokensLeftOut ?? "no target with the same token";
  return figures.sameDetection === undefined ? "runs that are not both detectors" : "no target with the same detection";
}

function requireCompared(text: string, { refused }: Agreement, prompts: string | undefined): void {
  const own = refused.find((each) => prompts === undefined || each.prompts === prompts);
  if (own === undefined) return;
  throw new HarnessError(`--fail-if "${text}": the masks of ${own.prompts} are not compared: ${own.reason}`, {
    hint: "name other prompts, as in mask-iou.box, or choose them with --prompts",
  });
}
