import type { Agreement, DifferingTarget } from "../../results/compare/agreement/agreement.ts";
import { type AgreementFigures, agreementTable } from "../../results/compare/agreement/figures.ts";
import type { LeftOut } from "../../results/compare/agreement/pairs.ts";
import { belowOne, none } from "../../results/compare/words.ts";
import type { Column } from "../table/grid.ts";

/** Returns the agreement as a table: a row for each prompts name, and one for all where there are several. */
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
    ...agreementTable.map(({ header, valueIn, format }) =>
      column(header, (figures) => {
        const value = valueIn(figures);
        return value === undefined ? none : format(value);
      }),
    ),
  ];
}

/** Returns the targets that differ most as a table; nothing where none does. */
export function worstColumns({ worst }: Agreement): readonly Column[] {
  const column = (
    header: readonly string[],
    cellOf: (target: DifferingTarget) => string,
    align: Column["align"] = "right",
  ): Column => ({ header, align, cells: worst.map(cellOf) });
  return [
    column(["prompts"], ({ prompts }) => prompts, "left"),
    column(["image"], ({ image }) => String(image)),
    column(["target"], ({ target }) => String(target)),
    column(["category"], ({ categoryName }) => categoryName, "left"),
    column(["mask IoU"], ({ maskIou }) => belowOne(maskIou, 6)),
    column(["pixels", "that differ"], ({ differingPx }) => String(differingPx)),
    column(["token", "A, B"], ({ tokens }) => `${tokens.a}, ${tokens.b}`),
    column(["predicted IoU", "A, B"], ({ predictedIous: { a, b } }) => `${a.toFixed(5)}, ${b.toFixed(5)}`),
  ];
}

/** Returns whole sentences: what is not compared and why, and how the figures are meant. */
export function agreementNotes({ prompts, all, refused, tokensLeftOut, worst }: Agreement): readonly string[] {
  const notes = refused.map((each) => `${each.prompts}: masks are not compared: ${each.reason}`);
  if (all === undefined) return notes;
  notes.push(...prompts.flatMap(({ prompts: name, leftOut }) => leftOutNotes(name, leftOut)));
  if (tokensLeftOut !== undefined) notes.push(`tokens and predicted IoU are not compared: ${tokensLeftOut}`);
  const empty = all.bothEmpty === 0 ? "" : `, as ${all.bothEmpty} of ${all.n} pairs are`;
  notes.push(
    `agreement: of A's masks and B's with each other, whatever the ground truth; two empty masks have IoU 1${empty}`,
  );
  if (worst.length === 0 && all.n > 0) notes.push(`all ${all.n} pairs of masks are the same in every pixel`);
  return notes;
}

function leftOutNotes(name: string, leftOut: LeftOut): readonly string[] {
  const words: readonly (readonly [count: number, text: string])[] = [
    [leftOut.failedInA, "whose image failed in A"],
    [leftOut.failedInB, "whose image failed in B"],
    [leftOut.onlyInA, "only in A"],
    [leftOut.onlyInB, "only in B"],
    [leftOut.otherPrompt, "with another prompt, because the mask before it was another"],
  ];
  const found = words.filter(([count]) => count > 0).map(([count, text]) => `${count} ${text}`);
  return found.length === 0 ? [] : [`${name}: left out are targets ${found.join(", ")}`];
}
