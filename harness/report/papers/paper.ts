import { z } from "zod";
import type { Confidence } from "../../api.ts";
import { checked, parseJson } from "../../foreign.ts";

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

const table = z
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
  tables: z.array(table).min(1),
}) satisfies z.ZodType<Paper>;

/** Throws HarnessError naming file and field: one that is missing, unknown or of another kind, a value in no column. */
export function parsePaper(json: string, file: string): Paper {
  return checked(paper, parseJson(json, file), file);
}
