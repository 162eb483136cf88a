import { z } from "zod";
import type { Confidence } from "../../api.ts";
import { checked, parseJson } from "../../foreign.ts";

/** Describes what a column holds, in this project's words. A run must share these fields to stand beside it. */
export interface Measure {
  /** Protocol id; absent where no protocol changes the figure, as for parameters and multiply-accumulates. */
  readonly protocol?: string;
  /** Name of the prompts; `grid` stands for the only prompts of its protocol. */
  readonly prompt?: string;
  readonly metric: string;
  /** Part of the objects: all, small, medium, large; rare, common, frequent. */
  readonly size?: string;
  /** Key of `evaluationSets`. */
  readonly dataset?: string;
  /** Detector whose boxes were prompted, where the protocol does not say it. */
  readonly detector?: string;
}

export interface PaperColumn {
  readonly id: string;
  readonly title: string;
  readonly unit?: string;
  /** Id of the column that gives each row's unit. */
  readonly unitColumn?: string;
  readonly measures?: Measure;
}

export interface PaperRow {
  readonly system: string;
  readonly config?: string;
  readonly variant?: string;
  /** Variant ids by column, where a row stands for several variants. */
  readonly variants?: Readonly<Record<string, string>>;
  /** Fields in which this row differs from its columns. */
  readonly measures?: Partial<Measure>;
  readonly settings?: Readonly<Record<string, number | string>>;
  /** Values by column as the paper prints them; a value that the paper leaves out is absent. */
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
  /** Protocol as it is recorded; two are set apart by a slash, and each column has its own. */
  readonly protocol?: string;
  readonly confidence: Confidence;
  readonly source: string;
  readonly columns: readonly PaperColumn[];
  readonly rows: readonly PaperRow[];
  readonly note?: string;
  /** Contradictions: places where this table and others can not both be right, and known errors of measurement. */
  readonly contradictions?: readonly string[];
  /** Other facts that a comparison depends on. */
  readonly cautions?: readonly string[];
}

/** Content of one file of results/papers. */
export interface Paper {
  readonly schema: 1;
  readonly paper: string;
  readonly arxiv?: string;
  readonly claims?: readonly { readonly system: string; readonly claim: string; readonly source: string }[];
  /** Parts of the paper that were not found. */
  readonly missing?: readonly string[];
  readonly tables: readonly PaperTable[];
}

const text = z.string().min(1);
const texts = z.array(text).min(1);
const printed = z.union([z.number(), text]);

const measure = z.strictObject({
  protocol: text.optional(),
  prompt: text.optional(),
  metric: text,
  size: text.optional(),
  dataset: text.optional(),
  detector: text.optional(),
});

const column = z
  .strictObject({
    id: text,
    title: text.optional(),
    unit: text.optional(),
    unitColumn: text.optional(),
    measures: measure.optional(),
  })
  .transform((given) => ({ ...given, title: given.title ?? given.id }));

const row = z.strictObject({
  system: text,
  config: text.optional(),
  variant: text.optional(),
  variants: z.record(text, text).optional(),
  measures: z.strictObject({ ...measure.shape, metric: text.optional() }).optional(),
  settings: z.record(text, printed).optional(),
  values: z.record(text, printed),
});

export const paperTable = z
  .strictObject({
    id: text,
    table: text,
    dataset: text.optional(),
    prompt: text.optional(),
    metric: text,
    unit: text,
    hardware: text.optional(),
    protocol: text.optional(),
    confidence: z.enum(["repo", "paper", "summary", "secondary"]),
    source: text,
    columns: z.array(column).min(1),
    rows: z.array(row).min(1),
    note: text.optional(),
    contradictions: texts.optional(),
    cautions: texts.optional(),
  })
  .superRefine(({ columns, rows }, context) => {
    const known = new Set(columns.map(({ id }) => id));
    for (const [i, { values, variants = {} }] of rows.entries())
      for (const [group, names] of Object.entries({ values, variants }))
        for (const name of Object.keys(names))
          if (!known.has(name))
            context.addIssue({
              code: "custom",
              path: ["rows", i, group, name],
              message: `no such column; columns are ${[...known].join(", ")}`,
            });
  });

const claim = z.strictObject({ system: text, claim: text, source: text });

const paper = z.strictObject({
  schema: z.literal(1),
  paper: text,
  arxiv: text.optional(),
  claims: z.array(claim).min(1).optional(),
  missing: texts.optional(),
  tables: z.array(paperTable).min(1),
}) satisfies z.ZodType<Paper>;

/**
 * Reads a paper's file. Throws HarnessError with file and field where one is missing, unknown or of another kind, and where
 * a value is in no column.
 */
export function parsePaper(json: string, file: string): Paper {
  return checked(paper, parseJson(json, file), file);
}
