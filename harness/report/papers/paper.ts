import type { Confidence } from "../../api.ts";
import { HarnessError } from "../../errors.ts";
import { type Fields, field, type Kind, listOf, numberOrText, object, oneOf, recordOf, text } from "./fields.ts";

/** What a column holds, in this project's words; the fields that a run must share to stand beside it. */
export interface Measure {
  /** Absent for what no protocol changes: parameters, multiply-accumulates. */
  readonly protocol?: string;
  /** Prompts name; `grid` stands for the only prompts of its protocol. */
  readonly prompt?: string;
  readonly metric: string;
  /** all, small, medium, large; rare, common, frequent. */
  readonly size?: string;
  /** One of evaluationSets. */
  readonly dataset?: string;
  /** Whose boxes, where the protocol does not say. */
  readonly detector?: string;
}

export interface PaperColumn {
  readonly id: string;
  readonly title: string;
  readonly unit?: string;
  /** The column that says each row's unit. */
  readonly unitColumn?: string;
  readonly measures?: Measure;
}

export interface PaperRow {
  readonly system: string;
  readonly config?: string;
  readonly variant?: string;
  /** By column, where a row is several variants. */
  readonly variants?: Readonly<Record<string, string>>;
  /** Where this row differs from its columns. */
  readonly measures?: Partial<Measure>;
  readonly settings?: Readonly<Record<string, number | string>>;
  /** By column, as printed; what the paper leaves out is absent. */
  readonly values: Readonly<Record<string, number | string>>;
}

export interface PaperTable {
  readonly id: string;
  readonly table: string;
  readonly dataset?: string;
  readonly prompt?: string;
  readonly metric: string;
  readonly unit: string;
  readonly hardware?: string;
  /** As recorded, two set apart by a slash; the columns have one each. */
  readonly protocol?: string;
  readonly confidence: Confidence;
  readonly source: string;
  readonly columns: readonly PaperColumn[];
  readonly rows: readonly PaperRow[];
  readonly note?: string;
  /** Where this table and others can not both be meant as they read, and known errors of measurement. */
  readonly contradictions?: readonly string[];
  /** What else a comparison hangs on. */
  readonly cautions?: readonly string[];
}

/** One file of results/papers. */
export interface Paper {
  readonly schema: 1;
  readonly paper: string;
  readonly arxiv?: string;
  readonly claims?: readonly { readonly system: string; readonly claim: string; readonly source: string }[];
  /** What of the paper was not found. */
  readonly missing?: readonly string[];
  readonly tables: readonly PaperTable[];
}

const measureFields = ["protocol", "prompt", "metric", "size", "dataset", "detector"] as const;
const partialMeasure: Kind<Partial<Measure>> = object((fields) =>
  Object.assign({}, ...measureFields.map((name) => fields.optional(name, text))),
);
const measure: Kind<Measure> = object((fields) => ({
  ...fields.optional("protocol", text),
  ...fields.optional("prompt", text),
  metric: fields.required("metric", text),
  ...fields.optional("size", text),
  ...fields.optional("dataset", text),
  ...fields.optional("detector", text),
}));

const column: Kind<PaperColumn> = object((fields) => {
  const id = fields.required("id", text);
  return {
    id,
    title: id,
    ...fields.optional("title", text),
    ...fields.optional("unit", text),
    ...fields.optional("unitColumn", text),
    ...fields.optional("measures", measure),
  };
});

const row: Kind<PaperRow> = object((fields) => ({
  system: fields.required("system", text),
  ...fields.optional("config", text),
  ...fields.optional("variant", text),
  ...fields.optional("variants", recordOf(text)),
  ...fields.optional("measures", partialMeasure),
  ...fields.optional("settings", recordOf(numberOrText)),
  values: fields.required("values", recordOf(numberOrText)),
}));

const table: Kind<PaperTable> = (value, place) => {
  const taken = object(tableFields)(value, place);
  const known = new Set(taken.columns.map(({ id }) => id));
  for (const [i, { values, variants = {} }] of taken.rows.entries())
    for (const [group, names] of Object.entries({ values, variants }))
      for (const name of Object.keys(names))
        if (!known.has(name))
          throw new HarnessError(
            `${field({ ...place, path: [...place.path, "rows", i, group, name] })}: no such column`,
            {
              expected: [...known].join(", "),
            },
          );
  return taken;
};

function tableFields(fields: Fields): PaperTable {
  return {
    id: fields.required("id", text),
    table: fields.required("table", text),
    ...fields.optional("dataset", text),
    ...fields.optional("prompt", text),
    metric: fields.required("metric", text),
    unit: fields.required("unit", text),
    ...fields.optional("hardware", text),
    ...fields.optional("protocol", text),
    confidence: fields.required("confidence", oneOf("repo", "paper", "summary", "secondary")),
    source: fields.required("source", text),
    columns: fields.required("columns", listOf(column)),
    rows: fields.required("rows", listOf(row)),
    ...fields.optional("note", text),
    ...fields.optional("contradictions", listOf(text)),
    ...fields.optional("cautions", listOf(text)),
  };
}

const claim = object((fields) => ({
  system: fields.required("system", text),
  claim: fields.required("claim", text),
  source: fields.required("source", text),
}));

const paper: Kind<Paper> = object((fields) => ({
  schema: fields.required("schema", oneOf(1)),
  paper: fields.required("paper", text),
  ...fields.optional("arxiv", text),
  ...fields.optional("claims", listOf(claim)),
  ...fields.optional("missing", listOf(text)),
  tables: fields.required("tables", listOf(table)),
}));

/** Throws HarnessError naming file and field: one that is missing, unknown or of another kind, a value in no column. */
export function parsePaper(json: string, file: string): Paper {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new HarnessError(`${file}: not JSON`, { cause });
  }
  return paper(value, { file, path: [] });
}
