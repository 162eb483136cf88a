import { unknown } from "../errors.ts";
import { rowName } from "../store/rowName.ts";
import { columnsOf, type HistoryColumn } from "./columns.ts";
import { figuresIn, firstFigures } from "./figures.ts";
import { type Judgement, judgeColumn } from "./judge.ts";
import { type HistoryResult, historyResults, type ResultPlaces } from "./results.ts";

export interface HistoryRequest extends ResultPlaces {
  /** Names of figures; what each run is ranked by, and encode, where none is named. */
  readonly figures: readonly string[];
  /** Is told of what is left out. */
  readonly notice: (text: string) => void;
  /** Is told before each column is judged. */
  readonly progress: (done: number, total: number, column: HistoryColumn) => void;
}

/** A column with what is said of it. */
export interface JudgedColumn {
  readonly column: HistoryColumn;
  readonly judgement: Judgement;
}

/**
 * Returns the history of the results: a column for each figure, row and set of conditions. Throws HarnessError for a figure or a
 * variant that no result has.
 */
export async function historyOf(request: HistoryRequest): Promise<readonly JudgedColumn[]> {
  const { figures, notice, progress, variant } = request;
  const results = await historyResults(request, notice);
  if (results.length === 0 && variant !== undefined) await refuseUnknown(request);
  requireFigures(results, figures);
  const columns = columnsOf(results, (record) => (figures.length === 0 ? firstFigures(record) : figures));
  const judged: JudgedColumn[] = [];
  for (const [i, column] of columns.entries()) {
    progress(i, columns.length, column);
    judged.push({ column, judgement: await judgeColumn(column, request) });
  }
  return judged;
}

async function refuseUnknown(request: HistoryRequest): Promise<void> {
  const all = await historyResults({ ...request, variant: undefined }, () => undefined);
  const names = all.map(({ record }) => rowName(record));
  if (names.length > 0) throw unknown("variant of a result", request.variant!, [...new Set(names)]);
}

function requireFigures(results: readonly HistoryResult[], figures: readonly string[]): void {
  if (results.length === 0) return;
  const known = new Set(results.flatMap(({ record }) => figuresIn(record).map(({ name }) => name)));
  for (const figure of figures) if (!known.has(figure)) throw unknown("figure", figure, [...known]);
}
