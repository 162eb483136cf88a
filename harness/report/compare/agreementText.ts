import type { Agreement, DifferingTarget } from "../../results/compare/agreement/agreement.ts";
import { type AgreementFigures, agreementTable } from "../../results/compare/agreement/figures.ts";
import { sameDetection } from "../../results/compare/agreement/measured.ts";
import type { LeftOut } from "../../results/compare/agreement/pairs.ts";
import { belowOne, none } from "../../results/compare/words.ts";
import type { Column } from "../table/grid.ts";

/** Returns the agreement as a table: a row for each prompts name, and one for all where there are several; no column without a figure. */
export function agreementColumns({ prompts, all }: Agreement): readonly Column[] {
  const rows: { readonly name: string; readonly figures: AgreementFigures }[] = prompts.map((figures) => {
    return { name: figures.prompts, figures };
  });
  if (rows.length > 1) rows.push({ name: "all", figures: all! });
  const column = (header: readonly string[], cellOf: (figures: AgreementFigures) => string): Column => ({
    header,
    align: "right",
    cells: rows.map(({ figures }) => cellOf(figures)),
  });
  return [
    { header: ["agreement"], align: "left", cells: rows.map(({ name }) => name) },
    column(["n"], ({ n }) => String(n)),
    ...agreementTable
      .filter(({ valueIn }) => rows.some(({ figures }) => valueIn(figures) !== undefined))
      .map(({ header, valueIn, format }) =>
        column(header, (figures) => {
          const value = valueIn(figures);
          return value === undefined ? none : format(value);
        }),
      ),
  ];
}

/** Returns the targets that differ most as a table; nothing where none does. */
export function worstColumns({ worst, all, tokensLeftOut }: Agreement): readonly Column[] {
  const column = (
    header: readonly string[],
    cellOf: (target: DifferingTarget) => string,
    align: Column["align"] = "right",
  ): Column => ({ header, align, cells: worst.map(cellOf) });
  const tokens = column(["token", "A, B"], (target) => `${target.tokens.a}, ${target.tokens.b}`);
  const guess = all?.sameDetection === undefined ? "predicted IoU" : "confidence";
  return [
    column(["prompts"], ({ prompts }) => prompts, "left"),
    column(["image"], ({ image }) => String(image)),
    column(["target"], ({ target }) => String(target)),
    column(["category"], ({ categoryName }) => categoryName, "left"),
    column(["mask IoU"], ({ maskIou }) => belowOne(maskIou, 6)),
    column(["pixels", "that differ"], ({ differingPx }) => String(differingPx)),
    ...(tokensLeftOut === undefined ? [tokens] : []),
    column([guess, "A, B"], ({ predictedIous: { a, b } }) => `${a.toFixed(5)}, ${b.toFixed(5)}`),
  ];
}

/** Returns whole sentences about what is not compared, and why. */
export function agreementGaps({ prompts, refused, tokensLeftOut, all }: Agreement): readonly string[] {
  const gaps = refused.map((each) => `${each.prompts}: masks are not compared: ${each.reason}`);
  if (all === undefined) return gaps;
  gaps.push(...prompts.flatMap(({ prompts: name, leftOut }) => leftOutNotes(name, leftOut)));
  if (tokensLeftOut !== undefined) gaps.push(`tokens and predicted IoU are not compared: ${tokensLeftOut}`);
  return gaps;
}

/** Returns whole sentences: how the figures of the agreement are meant. */
export function agreementMeanings({ all }: Agreement): readonly string[] {
  if (all === undefined) return [];
  const empty = all.bothEmpty === 0 ? "" : `, as ${all.bothEmpty} of ${all.n} pairs are`;
  const meanings = [
    `agreement: of A's masks and B's with each other, whatever the ground truth; two empty masks have IoU 1${empty}`,
  ];
  if (all.sameDetection !== undefined) {
    const { confidence, maskIou } = sameDetection;
    meanings.push(
      `same detection: confidence within ${confidence} and IoU of the two masks over ${maskIou}, or nothing found by either`,
    );
  }
  return meanings;
}

/** Returns a sentence where two runs are the same in every pixel; nothing else is then to be seen of the masks. */
export function identicalSentence({ all, worst }: Agreement): string | undefined {
  if (all === undefined || all.n === 0 || worst.length > 0) return undefined;
  return `all ${all.n} pairs of masks are the same in every pixel`;
}

/** Returns all that is to be said of the agreement beside its figures. */
export function agreementNotes(agreement: Agreement): readonly string[] {
  const identical = identicalSentence(agreement);
  return [
    ...agreementGaps(agreement),
    ...agreementMeanings(agreement),
    ...(identical === undefined ? [] : [identical]),
  ];
}

function leftOutNotes(name: string, leftOut: LeftOut): readonly string[] {
  const words: readonly (readonly [count: number, text: string])[] = [
    [leftOut.failedInA, "whose image failed in A"],
    [leftOut.failedInB, "whose image failed in B"],
    [leftOut.onlyInA, "only in A"],
    [leftOut.onlyInB, "only in B"],
  ];
  const found = words
    .filter(([count]) => count > 0)
    .map(([count, text]) => `${count} target${count === 1 ? "" : "s"} ${text}`);
  const { otherPrompt } = leftOut;
  if (otherPrompt > 0)
    found.push(`${otherPrompt} later prompt${otherPrompt === 1 ? "" : "s"}, because the mask before was another`);
  return found.length === 0 ? [] : [`${name}: left out: ${found.join(", ")}`];
}
