import { z } from "zod";
import { summaryField } from "../../store/latency.ts";
import { count, hash, number, positive, text, whole } from "../../store/schema/fields.ts";
import { manifestFields } from "../../store/schema.ts";
import { startStages } from "../machine/coldStart.ts";
import { everythingPeaks, everythingStages } from "../machine/everythingStages.ts";
import type { RunReport } from "../report.ts";

/** An entry of the index: a run's report without the metrics, which are code, and the hash of the rows that it is of. */
export interface ReportEntry {
  readonly rowsSha256: string | undefined;
  readonly report: Omit<RunReport, "metrics">;
}

const score = z.strictObject({
  value: number,
  low: number.optional(),
  high: number.optional(),
  n: count,
  unit: z.literal("clicks").optional(),
});
const gmacs = z.strictObject({ encode: number, decode: number });
const { dataset, graphs, runtime, weights } = manifestFields;

const fields = {
  id: text,
  variant: text,
  title: text,
  role: z.literal("floor").optional(),
  weights: z.union([weights.shape.source, z.literal("published")]),
  weightsLabel: text,
  weightsSha256: text.optional(),
  weightsLicence: weights.shape.licence,
  dataset: text,
  fingerprint: text,
  credits: dataset.shape.credits,
  humanAgreement: dataset.shape.humanAgreement,
  status: z.enum(["running", "stopped", "done", "failed"]),
  only: z.enum(["accuracy", "latency"]).optional(),
  createdAt: text,
  images: z.strictObject({ finished: count, failed: count, planned: count }),
  prompts: z.record(text, z.object({ protocol: text }).catchall(score)),
  latency: z.strictObject({
    prepare: summaryField.optional(),
    encode: summaryField.optional(),
    decode: summaryField.optional(),
    upscale: summaryField.optional(),
  }),
  everything: z.record(text, summaryField),
  everythingStages: z
    .record(
      text,
      z.strictObject({
        ms: z.record(z.enum(everythingStages), summaryField),
        peakBytes: z.partialRecord(z.enum(everythingPeaks), count),
      }),
    )
    .optional(),
  coldStart: z
    .strictObject({
      stages: z.partialRecord(
        z.enum(startStages),
        summaryField.extend({ median: number, q1: number, q3: number, middleMean: number }),
      ),
      stayed: text.optional(),
    })
    .optional(),
  energy: z
    .strictObject({ joules: positive, watts: positive, idleWatts: positive, images: count, method: text })
    .optional(),
  promptsPerSecond: number.optional(),
  batchPrompts: count.optional(),
  modelMemory: manifestFields.modelMemory,
  external: z
    .strictObject({ name: text, versions: z.record(text, text), transfer: summaryField.optional() })
    .optional(),
  harnessMemory: manifestFields.harnessMemory,
  gpuMemory: manifestFields.gpuMemory,
  parameters: count.optional(),
  referenceGmacs: gmacs.optional(),
  executedGmacs: gmacs.optional(),
  absent: manifestFields.absent,
  theory: graphs.unwrap().shape.theory,
  graph: z.strictObject({ constants: count, fileBytes: count }).optional(),
  conditions: z.strictObject({
    seed: whole,
    provider: text,
    threads: count,
    onnxruntime: text,
    cpu: text,
    cores: count,
    cpus: text.optional(),
    quota: number.optional(),
    gpu: text.optional(),
    recorded: z.literal("an earlier version").optional(),
  }),
  providerError: runtime.shape.providerError,
  assignments: runtime.shape.assignments,
  opening: runtime.shape.opening,
  page: runtime.shape.page,
  notes: z.array(text),
  warnings: manifestFields.warnings,
} satisfies Readonly<Record<keyof ReportEntry["report"], z.ZodType>>;

const entry = z.strictObject({ rowsSha256: hash.optional(), report: z.strictObject(fields) });

/** Reads an entry; nothing where the text is none. Fields stay in the order in which they were stored. */
export function parseEntry(json: string): ReportEntry | undefined {
  try {
    const read: unknown = JSON.parse(json);
    return entry.safeParse(read).success ? (read as ReportEntry) : undefined;
  } catch {
    return undefined;
  }
}
