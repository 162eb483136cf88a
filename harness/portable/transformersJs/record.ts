import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { HarnessError } from "../../errors.ts";
import { refuseIrregular } from "../../files.ts";
import { checked } from "../../foreign.ts";
import { limits } from "../../limits.ts";
import { portableModelSchema } from "../../onnx/index.ts";
import { visible } from "../../visible.ts";

/** The library's file that says what a folder holds; this project's own record is a field of it. */
export const configFile = "config.json";
export const preprocessorFile = "preprocessor_config.json";

export const recordFormat = { format: "sam-bench transformers.js folder", version: 1 } as const;

const text = z.string().max(2000).transform(visible);
/** A path in the folder names a graph or the tensors beside it; it can not lead out of the folder. */
const path = z.string().regex(/^onnx\/[A-Za-z0-9][\w.-]*$/);
const { program, weights, variant } = portableModelSchema.shape;

/** The schema of the record, by which it is written and read. */
export const recordSchema = z.strictObject({
  format: z.literal(recordFormat.format),
  version: z.literal(recordFormat.version),
  program,
  variant: variant.pick({ id: true, title: true, paper: true, graph: true, notes: true }),
  weights,
  /** Holds the hash of each graph, and of each file of tensors. */
  files: z.record(path, z.string().regex(/^[0-9a-f]{64}$/)),
  /** Says how the graphs differ from those that the library's own exporter writes. */
  notes: z.array(text).readonly(),
});

export type LibraryRecord = z.output<typeof recordSchema>;

/**
 * Returns the record of a folder that `bench onnx --layout transformers.js` wrote; nothing for any other folder. Throws HarnessError
 * where a field of it is wrong.
 */
export function readRecord(folder: string): LibraryRecord | undefined {
  const file = join(folder, configFile);
  if (!existsSync(file)) return undefined;
  refuseIrregular(file);
  if (statSync(file).size > limits.modelJsonBytes) return undefined;
  const record = recordIn(readFileSync(file, "utf8"));
  if (record?.format !== recordFormat.format) return undefined;
  if (record.version !== recordFormat.version)
    throw new HarnessError(`${file}: of a version that is not known here`, {
      found: String(record.version),
      expected: recordFormat.version,
      hint: "name another folder, or empty this one",
    });
  return checked(recordSchema, record, file);
}

function recordIn(json: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const found: unknown = JSON.parse(json);
    return (found as { readonly sam_bench?: Readonly<Record<string, unknown>> } | null)?.sam_bench;
  } catch {
    return undefined;
  }
}
