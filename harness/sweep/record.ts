import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { refuseIrregular } from "../files.ts";
import { checked, parseJson } from "../foreign.ts";
import { onDisk, replaceFile } from "../store/disk/disk.ts";
import { type Axis, type AxisName, type AxisValue, axisKinds } from "./axes.ts";
import type { SweepPoint } from "./points.ts";

/** Record of a sweep: it names the runs that are its points. Each of them lies in the folder beside it. */
export interface SweepRecord {
  readonly id: string;
  readonly variant: string;
  readonly axes: readonly Axis[];
  readonly points: readonly { readonly values: SweepPoint["values"]; readonly run: string }[];
}

const axisName = z.enum(Object.keys(axisKinds) as [AxisName, ...AxisName[]]);
const axisValue = z.union([z.number(), z.string()]) satisfies z.ZodType<AxisValue>;

const sweepRecord = z.object({
  schema: z.literal(1),
  id: z.string(),
  variant: z.string(),
  axes: z.array(z.object({ name: axisName, values: z.array(axisValue) })),
  points: z.array(z.object({ values: z.partialRecord(axisName, axisValue), run: z.string() })),
});

const fileOf = (folder: string) => join(folder, "sweep.json");

/** Writes the record into the sweep's folder. The same sweep gives the same bytes. */
export async function writeSweepRecord(folder: string, { id, variant, axes, points }: SweepRecord): Promise<void> {
  const text = `${JSON.stringify({ schema: 1, id, variant, axes, points }, undefined, 2)}\n`;
  await onDisk(folder, () => mkdir(folder, { recursive: true }));
  await replaceFile(fileOf(folder), text);
}

/** Returns the record, or nothing where the sweep was not measured to a record yet. Throws HarnessError for a damaged one. */
export async function readSweepRecord(folder: string): Promise<SweepRecord | undefined> {
  const file = fileOf(folder);
  if (!existsSync(file)) return undefined;
  refuseIrregular(file);
  const { schema: _, ...record } = checked(
    sweepRecord,
    parseJson(await readFile(file, "utf8"), file),
    file,
    "delete it: the sweep writes it again",
  );
  return record;
}
