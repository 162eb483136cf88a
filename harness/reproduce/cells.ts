import { pairOf } from "../report/papers/compare.ts";
import { natureOf, publishedFigure } from "../report/papers/measured.ts";
import { type OurFigure, ourFigure } from "../report/papers/ourFigure.ts";
import type { Measure, PaperColumn, PaperRow, PaperTable } from "../report/papers/paper.ts";
import { type EvaluationSets, evaluationSets } from "../report/papers/sets.ts";
import type { RunReport } from "../results/report.ts";
import type { Expectation, Recipe } from "./expectation.ts";
import { type Cell, type OwnFigure, type Verdict, verdicts } from "./verdict.ts";

/** A cell of a published table, by its row and column. */
interface CellPlace {
  readonly system: string;
  readonly config?: string | undefined;
  readonly column: PaperColumn;
  readonly published: number | string;
  readonly unit?: string | undefined;
}

/** A cell that a run can be held against. */
export interface OpenCell extends CellPlace {
  readonly variant: string;
  readonly measure: Measure;
  readonly recipe: Recipe;
  readonly published: number;
  /** Digits behind the point that the paper prints in this column. */
  readonly decimals: number;
}

/** A cell that nothing can be held against, with the reason. */
export interface ClosedCell extends CellPlace {
  readonly variant?: string | undefined;
  readonly reason: string;
}

/** What is known here of variants and protocols. */
export interface Known {
  /** Variants by id; true where their weights are to be had: published ones, or those that come with the project. */
  readonly variants: ReadonlyMap<string, { readonly released: boolean }>;
  readonly protocols: ReadonlySet<string>;
}

/** Rows and columns to judge; all without it. */
export interface CellChoice {
  /** Words of a row's system, configuration or variant. */
  readonly rows: readonly string[];
  readonly columns: readonly string[];
}

/** Returns the table's cells that are asked for, each with its recipe or with the reason why it has none. */
export function cellsOf(
  table: PaperTable,
  expectation: Expectation | undefined,
  known: Known,
  { rows, columns }: CellChoice,
): readonly (OpenCell | ClosedCell)[] {
  return table.rows.flatMap((row) => {
    if (rows.length > 0 && !rows.some((text) => isNamed(row, text, table))) return [];
    return table.columns.flatMap((column): readonly (OpenCell | ClosedCell)[] => {
      const published = row.values[column.id];
      if (published === undefined || (columns.length > 0 && !columns.includes(column.id))) return [];
      const pair = pairOf(row, column);
      const unit = column.unitColumn === undefined ? column.unit : String(row.values[column.unitColumn] ?? "");
      const place = { system: row.system, config: row.config, column, published, unit };
      const found = recipeOf(place, pair, expectation, known);
      if (typeof found === "string") return [{ ...place, variant: pair?.variant, reason: found }];
      const decimals = expectation?.decimals[column.id] ?? decimalsOf(table, column);
      return [{ ...place, ...pair!, published: published as number, recipe: found, decimals }];
    });
  });
}

/** Tells whether a text names a row: by a whole word of a row where it is one of any row, else by a part of one. */
function isNamed(row: PaperRow, text: string, { rows }: PaperTable): boolean {
  const words = ({ system, config, variant, variants = {} }: PaperRow) => [
    system,
    ...[config, variant].flatMap((word) => word ?? []),
    ...Object.values(variants),
  ];
  const whole = rows.some((each) => words(each).includes(text));
  return words(row).some((word) => (whole ? word === text : word.includes(text)));
}

/** Returns the recipe of a cell, or the reason why nothing can be held against it. */
function recipeOf(
  { published, column, system }: CellPlace,
  pair: ReturnType<typeof pairOf>,
  expectation: Expectation | undefined,
  { variants, protocols }: Known,
): Recipe | string {
  if (typeof published !== "number") return "the paper prints no number";
  if (column.measures === undefined) return "nothing here measures this column";
  const nature = natureOf(column.measures);
  if (nature === "machine") return "time and memory are those of another machine";
  if (nature === "model") return "a count of the architecture, which no data decide";
  if (pair === undefined) return `no variant here stands for ${system}`;
  const { variant, measure } = pair;
  const known = variants.get(variant);
  if (known === undefined) return `this sam-bench has no variant ${variant}`;
  if (measure.protocol === undefined || !protocols.has(measure.protocol))
    return `protocol ${measure.protocol ?? "not named"}: the paper does not say enough of it to be measured`;
  if (setsOf(expectation)[measure.dataset ?? ""] === undefined) return "which images the paper took is not known";
  if (!known.released) return `weights of ${variant} were never released`;
  if (expectation === undefined) return "no recipe is written down for this table";
  const { protocol, dataset } = measure;
  const recipe = expectation.recipes.find((each) => each.protocol === protocol && each.dataset === dataset);
  return recipe ?? `no recipe is written down for protocol ${protocol} on ${dataset}`;
}

/** Returns the sets of images that an expectation's cells may name. */
export function setsOf(expectation: Expectation | undefined): EvaluationSets {
  return { ...evaluationSets, ...expectation?.sets };
}

/** A cell with its verdict, or with the reason why it has none. */
export interface JudgedCell extends CellPlace {
  readonly variant?: string | undefined;
  readonly ours?: OwnFigure & { readonly runs: readonly string[]; readonly n?: number | undefined };
  readonly verdict?: Verdict;
  readonly reason?: string;
}

interface JudgeContext {
  readonly expectation: Expectation | undefined;
  readonly reports: readonly RunReport[];
  /** Reasons why variants were not run, by variant. */
  readonly notRun: ReadonlyMap<string, string>;
  readonly detector?: string | undefined;
}

/** Judges the cells by the stored runs that fit them. The p values of all cells of the call are corrected together. */
export function judge(cells: readonly (OpenCell | ClosedCell)[], context: JudgeContext): readonly JudgedCell[] {
  const found = cells.map((cell) => ("reason" in cell ? cell.reason : figureOf(cell, context)));
  const judged: { readonly i: number; readonly cell: Cell }[] = [];
  for (const [i, ours] of found.entries()) {
    const cell = cells[i]!;
    if (typeof ours === "string" || "reason" in cell) continue;
    const { published, recipe, unit, decimals } = cell;
    judged.push({
      i,
      cell: { published, decimals, tolerance: recipe.tolerance, point: unit === "%" ? 1 : 0.01, ours },
    });
  }
  const answers = verdicts(judged.map(({ cell }) => cell));
  const verdictAt = new Map(judged.map(({ i }, place) => [i, answers[place]!]));
  return cells.map((cell, i): JudgedCell => {
    const { system, config, column, published, unit, variant } = cell;
    const place = { system, config, column, published, unit, variant };
    const ours = found[i]!;
    return typeof ours === "string" ? { ...place, reason: ours } : { ...place, ours, verdict: verdictAt.get(i)! };
  });
}

/** Returns the most digits behind the point in a column: 46.0 is read as 46, and its neighbours show what was printed. */
function decimalsOf({ rows }: PaperTable, { id }: PaperColumn): number {
  return Math.max(...rows.map(({ values }) => String(values[id] ?? "").split(".")[1]?.length ?? 0));
}

/** Returns our figure over the recipe's seeds, or the reason why there is none. */
function figureOf(cell: OpenCell, context: JudgeContext): NonNullable<JudgedCell["ours"]> | string {
  const { variant, measure, recipe, unit } = cell;
  const { expectation, notRun } = context;
  const sets = setsOf(expectation);
  const bySeed = recipe.seeds.map((seed) => {
    const reports = context.reports.filter((report) => report.conditions.seed === seed);
    const figure = ourFigure(variant, measure, { reports, unit, sets, detector: context.detector });
    return figure && { figure, report: reports.find(({ id }) => id === figure.run)! };
  });
  const missing = recipe.seeds.filter((_, i) => bySeed[i] === undefined);
  if (missing.length > 0)
    return (
      notRun.get(variant) ?? `no run of it is stored${recipe.seeds.length > 1 ? `, seed ${missing.join(", ")}` : ""}`
    );
  const all = bySeed as readonly { readonly figure: OurFigure; readonly report: RunReport }[];
  const wrong = all.flatMap(({ figure, report }) => whyOther(cell, figure, report, expectation) ?? [])[0];
  if (wrong !== undefined) return wrong;
  const values = all.map(({ figure }) => figure.value);
  const [{ figure, report }] = all as [(typeof all)[number]];
  const { about } = publishedFigure(report, measure);
  const set = sets[measure.dataset!]!;
  const ofImages = about === "every image" ? set.images : set.annotated;
  return {
    value: values.reduce((sum, value) => sum + value, 0) / values.length,
    low: figure.low,
    high: figure.high,
    n: figure.n,
    images: figure.extent === "whole" ? ofImages : Math.min(...all.map((each) => each.figure.images!)),
    ofImages,
    seeds: recipe.prompts === "drawn" ? values : undefined,
    runs: all.map((each) => each.figure.run),
  };
}

/** Returns why a run's figure is not of what the paper measured; nothing where it is. */
function whyOther(
  { variant, measure, recipe }: OpenCell,
  { extent, n }: OurFigure,
  { weights, weightsSha256, weightsLabel }: RunReport,
  expectation: Expectation | undefined,
): string | undefined {
  const wanted = expectation?.checkpoints[variant];
  if (wanted !== undefined && weightsSha256 !== wanted)
    return `other weights: ${weightsLabel}, and the recipe's file has sha256 ${wanted.slice(0, 12)}`;
  if (wanted === undefined && weights !== "published" && weights !== "nano")
    return `other weights: ${weightsLabel}, not the file that its authors publish`;
  const { instances } = recipe;
  const all = measure.size === undefined || measure.size === "all";
  if (instances !== undefined && extent === "whole" && all && n !== undefined && n !== instances)
    return `other data: ${n} annotations, and the published figure is over ${instances}`;
  return undefined;
}
