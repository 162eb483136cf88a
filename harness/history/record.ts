import { z } from "zod";
import { HarnessError } from "../errors.ts";
import { checked, parseJson } from "../foreign.ts";
import { stages } from "../results/report/times.ts";
import { summaryField } from "../store/latency.ts";
import { isRowNameOf } from "../store/rowName.ts";
import { count, hash, type Immutable, number, positive, text, whole } from "../store/schema/fields.ts";
import { manifestFields, score, withVisibleTexts } from "../store/schema.ts";

/**
 * A published result is one run as one JSON without its rows: what was measured, by which code, on which machine, and every figure
 * of its table. It holds no host name, no user's name and no folder, because a run's manifest holds none.
 */
export const recordVersion = 1;

/** A commit is named by SHA-1 or SHA-256; the user's own word for one may be shorter. */
const commitHash = z.string().regex(/^[0-9a-f]{7,64}$/, "not a commit's hash");
/** A moment in UTC, as toISOString writes it. */
const moment = z.iso.datetime();

const inside = { message: "the value lies outside its interval" };
const stage = summaryField
  .extend({ low: positive, high: positive })
  .refine(({ median, low, high }) => low <= median && median <= high, inside);

const prompts = z.strictObject({
  protocol: text,
  /** SHA-256 of the code that made the rows: pipeline, protocol, data set, and what the user's own encoder is handed. */
  rows: hash,
  /** SHA-256 of each metric's code, and its figures' ids with the names that `bench compare` gives them. */
  metrics: z.record(
    text,
    z.strictObject({ code: hash, better: z.enum(["higher", "lower"]), figures: z.record(text, text) }),
  ),
  figures: z.record(text, score),
});

const { cpu, limits, os, node, virtual, gpus } = manifestFields.environment.shape;

const record = z.strictObject({
  schema: z.literal(recordVersion),
  /** The run that was measured: the same run has the same three. */
  run: z.strictObject({
    id: text,
    rowsSha256: hash.optional(),
    latencySha256: hash.optional(),
    createdAt: moment,
    /** The phase that was measured, where it was measured alone. */
    only: z.enum(["accuracy", "latency"]).optional(),
  }),
  /** The commit of the project that was measured, which need not be this one; `date` is that of the commit. */
  commit: z.strictObject({ hash: commitHash, date: moment.optional(), dirty: z.boolean().optional() }).optional(),
  variant: z
    .strictObject({ id: text, name: text.optional(), title: text, role: z.literal("floor").optional() })
    .refine(({ id, name }) => name === undefined || isRowNameOf(name, id), {
      path: ["name"],
      message: "is not the variant's id with a checkpoint's name in it",
    }),
  weights: manifestFields.weights.strict(),
  data: z.strictObject({
    id: text,
    fingerprint: text,
    /** `sha256` is that of the ids of the images that finished, which accuracy is about, and `plannedSha256` that of all. */
    images: z.strictObject({ finished: count, failed: count, planned: count, sha256: hash, plannedSha256: hash }),
    credits: z.array(text).optional(),
  }),
  seed: whole,
  /** Name of the figure that the run is ranked by. */
  headline: text.optional(),
  prompts: z.record(text, prompts),
  /** Milliseconds by stage; `low` and `high` are the 95 % interval of the median. */
  latency: z.partialRecord(z.enum(stages), stage),
  /** Milliseconds of an image in everything mode, by prompts name. */
  everything: z.record(text, summaryField),
  promptsPerSecond: positive.optional(),
  /** Says how latency was measured; the hash covers the code of the photo's and the mask's way, and the package's version. */
  measured: z.strictObject({ rounds: count.optional(), warmup: count, code: hash }),
  /** Bytes: of the model's own process by stage, of the worker, and on the GPU. */
  memory: z.strictObject({
    model: manifestFields.modelMemory,
    worker: manifestFields.harnessMemory,
    gpu: manifestFields.gpuMemory,
  }),
  machine: z.strictObject({ cpu, memoryBytes: number, limits, os, node, virtual, gpus }),
  runtime: manifestFields.runtime.strict(),
  /** The program that answers in a process of its own, with its versions. */
  program: text.optional(),
  /** This harness: its package's version and the hash of its sources, and its commit. */
  harness: z.strictObject({ version: text, sources: text, commit: text.optional(), dirty: z.boolean().optional() }),
  warnings: z.array(z.strictObject({ about: text, text })),
});

export type PublishedRecord = Immutable<z.infer<typeof record>>;

/** Reads a record. Throws HarnessError that names `place` and the first field that is not as it should be. */
export function parseRecord(json: string, place: string): PublishedRecord {
  const found = parseJson(json, place);
  const { schema } = checked(z.looseObject({ schema: z.int().min(1) }), found, place);
  if (schema !== recordVersion)
    throw new HarnessError(`${place}: written by a newer sam-bench`, {
      found: `schema ${schema}`,
      expected: `at most ${recordVersion}`,
      hint: "update sam-bench",
    });
  return withVisibleTexts(checked(record, found, place));
}
