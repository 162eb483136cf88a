import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { HarnessError } from "../errors.ts";
import { checked, parseJson } from "../foreign.ts";
import { type PaperTable, paperTable } from "../report/papers/paper.ts";
import type { EvaluationSet } from "../report/papers/sets.ts";

/** How cells of one protocol on one set of images are made again. */
export interface Recipe {
  readonly protocol: string;
  /** Key of the set of images. */
  readonly dataset: string;
  /** Annotations that the published mean over all of them is over; absent where nobody states it. */
  readonly instances?: number | undefined;
  /** `drawn`: prompts are random, and the paper names no seed. */
  readonly prompts: "exact" | "drawn";
  /** Prompt seeds to run: one where prompts are exact, at least three where they are drawn. */
  readonly seeds: readonly number[];
  /** Difference, in the column's unit, that is allowed besides rounding, and why. */
  readonly tolerance: number;
  readonly reason: string;
}

/** Content of one file of results/expectations: the exact recipe of one table. */
export interface Expectation {
  readonly schema: 1;
  /** Id of a published table (`bench list papers`), where the table is not this file's own. */
  readonly published?: string | undefined;
  /** A table of this project's own, with its rows. */
  readonly table?: PaperTable | undefined;
  readonly source: string;
  /** Sets of images besides those of papers. */
  readonly sets: Readonly<Record<string, EvaluationSet>>;
  /** Digits behind the point that a column prints; those of its values without it. */
  readonly decimals: Readonly<Record<string, number>>;
  readonly recipes: readonly Recipe[];
  /** SHA-256 of the checkpoint of each variant; another file of a variant is not judged. */
  readonly checkpoints: Readonly<Record<string, string>>;
}

const text = z.string().min(1);

const recipe = z
  .strictObject({
    protocol: text,
    dataset: text,
    instances: z.int().positive().optional(),
    prompts: z.enum(["exact", "drawn"]),
    seeds: z.array(z.int().nonnegative()).min(1),
    tolerance: z.number().nonnegative(),
    reason: text,
  })
  .refine(({ prompts, seeds }) => prompts === "exact" || new Set(seeds).size >= 3, {
    path: ["seeds"],
    message: "drawn prompts need at least three seeds, which tell how far they spread",
  });

const set = z.strictObject({
  title: text,
  dataset: text,
  images: z.int().positive(),
  annotated: z.int().positive(),
  fingerprint: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
});

const expectation = z
  .strictObject({
    schema: z.literal(1),
    published: text.optional(),
    table: paperTable.optional(),
    source: text,
    sets: z.record(text, set).default({}),
    decimals: z.record(text, z.int().nonnegative()).default({}),
    recipes: z.array(recipe).min(1),
    checkpoints: z.record(text, z.string().regex(/^[0-9a-f]{64}$/)).default({}),
  })
  .refine(({ published, table }) => (published === undefined) !== (table === undefined), {
    message: "one of published and table is needed",
  });

/** Folder of the expectations that come with the project. */
const expectationsFolder = fileURLToPath(new URL("../../results/expectations", import.meta.url));

/** Reads an expectation. Throws HarnessError with file and field where one is missing, unknown or of another kind. */
export function readExpectation(file: string): Expectation {
  if (!existsSync(file)) throw new HarnessError(`${file}: no such file`);
  return checked(expectation, parseJson(readFileSync(file, "utf8"), file), file);
}

/** Returns the expectations of a folder by the id of their table. Throws HarnessError where two files have one table. */
export function expectations(folder = expectationsFolder): ReadonlyMap<string, Expectation> {
  const found = new Map<string, Expectation>();
  for (const name of readdirSync(folder).sort()) {
    if (!name.endsWith(".json")) continue;
    const file = join(folder, name);
    const each = readExpectation(file);
    const id = each.published ?? each.table!.id;
    if (id !== basename(name, ".json"))
      throw new HarnessError(`${file}: has the name of another table`, { found: name, expected: `${id}.json` });
    found.set(id, each);
  }
  return found;
}
