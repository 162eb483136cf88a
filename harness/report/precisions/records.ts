import { figureIn } from "../../results/report.ts";
import { largest } from "../../stats/summary.ts";
import { headlinesOf, type PrecisionTable } from "./rows.ts";

/** A number of one precision: its own, its difference from the float row (`− float`) or its ratio to it (`× float`). */
interface PrecisionFigure {
  readonly variant: string;
  readonly run: string;
  readonly figure: string;
  readonly unit: "bytes" | "ms" | "fraction" | "clicks" | "share";
  readonly value: number;
  readonly low?: number | undefined;
  readonly high?: number | undefined;
  /** Present for a difference that the verdict rests on: p after Holm's correction. */
  readonly p?: number | undefined;
}

/** Returns every figure of the table, unrounded. */
function precisionFigures({ rows }: PrecisionTable): readonly PrecisionFigure[] {
  const headlines = headlinesOf(rows);
  return rows.flatMap(({ report, comparison }) => {
    const { id: run, variant, graph, modelMemory, latency } = report;
    const own = (figure: string, unit: PrecisionFigure["unit"], value: number | undefined) =>
      value === undefined ? [] : [{ variant, run, figure, unit, value }];
    const turns = comparison?.latency?.measured === "interleaved" ? comparison.latency.stages : [];
    return [
      ...own("files", "bytes", graph?.fileBytes),
      ...own("memory", "bytes", modelMemory && largest(Object.values(modelMemory))),
      ...own("encode", "ms", latency.encode?.median),
      ...own("decode", "ms", latency.decode?.median),
      ...turns.map(({ stage, ratio }) => ({
        variant,
        run,
        figure: `${stage} × float`,
        unit: "share" as const,
        ...ratio,
      })),
      ...headlines.flatMap(({ figure, id, prompts, protocol, unit }) => {
        const score = figureIn(report.prompts[prompts], protocol, id);
        return score === undefined ? [] : [{ variant, run, figure, unit, ...score }];
      }),
      ...(comparison?.figures ?? []).flatMap(({ figure, unit, difference, headline, adjustedP }) =>
        headline ? [{ variant, run, figure: `${figure} − float`, unit, ...difference, p: adjustedP }] : [],
      ),
      ...own("mask IoU with float's", "fraction", comparison?.agreement?.all?.maskIou?.mean),
    ];
  });
}

/** Returns one record for each figure, and before them one of names: tidy data for spreadsheets and data frames. */
export function precisionRecords(table: PrecisionTable): readonly (readonly (string | number | undefined)[])[] {
  const names = ["variant", "run", "figure", "unit", "value", "low", "high", "p"] as const;
  const figures: readonly PrecisionFigure[] = precisionFigures(table);
  return [names, ...figures.map((figure) => names.map((name) => figure[name]))];
}

/** Returns the table as programs read it: rows with their verdicts and figures, and what is missing. */
export function precisionJson(table: PrecisionTable): unknown {
  const figures = precisionFigures(table);
  return {
    model: table.model,
    rows: table.rows.map(({ report, comparison }) => ({
      variant: report.variant,
      run: report.id,
      verdict: comparison?.verdict,
      figures: figures.filter(({ run }) => run === report.id).map(({ variant: _, run: __, ...figure }) => figure),
    })),
    missing: table.missing,
  };
}
