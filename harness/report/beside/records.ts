import { figureIn } from "../../results/report.ts";
import { largest } from "../../stats/summary.ts";
import { type BesideTable, firstNames, headlinesOf } from "./rows.ts";

/** A number of one row: its own, its difference from the first one (`− float`) or its ratio to it (`× float`). */
interface BesideFigure {
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
function besideFigures({ respect, rows }: BesideTable): readonly BesideFigure[] {
  const first = firstNames[respect];
  const headlines = headlinesOf(rows);
  return rows.flatMap(({ report, comparison }) => {
    const { id: run, variant, graph, modelMemory, latency, page } = report;
    const own = (figure: string, unit: BesideFigure["unit"], value: number | undefined) =>
      value === undefined ? [] : [{ variant, run, figure, unit, value }];
    const turns = comparison?.latency?.measured === "interleaved" ? comparison.latency.stages : [];
    return [
      ...own("files", "bytes", graph?.fileBytes),
      ...own("download", "bytes", page?.downloadBytes),
      ...own("first mask", "ms", page?.firstMaskMs),
      ...own("page memory", "bytes", page?.memoryBytes),
      ...own("memory", "bytes", modelMemory && largest(Object.values(modelMemory))),
      ...own("encode", "ms", latency.encode?.median),
      ...own("decode", "ms", latency.decode?.median),
      ...turns.map(({ stage, ratio }) => ({
        variant,
        run,
        figure: `${stage} × ${first}`,
        unit: "share" as const,
        ...ratio,
      })),
      ...headlines.flatMap(({ figure, id, prompts, protocol, unit }) => {
        const score = figureIn(report.prompts[prompts], protocol, id);
        return score === undefined ? [] : [{ variant, run, figure, unit, ...score }];
      }),
      ...(comparison?.figures ?? []).flatMap(({ figure, unit, difference, headline, adjustedP }) =>
        headline ? [{ variant, run, figure: `${figure} − ${first}`, unit, ...difference, p: adjustedP }] : [],
      ),
      ...own(`mask IoU with ${first}'s`, "fraction", comparison?.agreement?.all?.maskIou?.mean),
    ];
  });
}

/** Returns one record for each figure, and before them one of names: tidy data for spreadsheets and data frames. */
export function besideRecords(table: BesideTable): readonly (readonly (string | number | undefined)[])[] {
  const names = ["variant", "run", "figure", "unit", "value", "low", "high", "p"] as const;
  const figures: readonly BesideFigure[] = besideFigures(table);
  return [names, ...figures.map((figure) => names.map((name) => figure[name]))];
}

/** Returns the table as programs read it: rows with their verdicts and figures, and what is missing. */
export function besideJson(table: BesideTable): unknown {
  const figures = besideFigures(table);
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
