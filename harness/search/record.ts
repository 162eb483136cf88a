import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { checked, parseJson } from "../foreign.ts";
import { onDisk, replaceFile } from "../store/disk/disk.ts";
import { type LineFile, openLineFile, readLines } from "../store/disk/lines.ts";
import { acquireLock, type Lock } from "../store/disk/lock.ts";
import type { PartTimes } from "./partTimes.ts";
import { type Configuration, keyOf } from "./space.ts";

/** Fitness of one configuration on the images that the search sees. */
interface Evaluation {
  readonly values: Configuration;
  /** Mean IoU of `n` instances. */
  readonly fitness: number;
  readonly n: number;
}

const evaluationLine = z.object({
  values: z.array(z.number()),
  fitness: z.number(),
  n: z.number(),
}) satisfies z.ZodType<Evaluation>;

/** Milliseconds by part. */
const partTimes = z.record(z.string(), z.number().positive()) satisfies z.ZodType<PartTimes>;

/** Reads a text by its schema. Throws HarnessError where the text is not as the search wrote it. */
function read<T extends z.ZodType>(schema: T, text: string, place: string): z.output<T> {
  return checked(schema, parseJson(text, place), place, "delete the search's folder to begin anew");
}

/**
 * Record of a search on disk: it holds the time of each part and one line for each evaluation. A search that was killed makes
 * the same draws again and finds their fitness in the record, so that it goes on where it was.
 */
export interface SearchRecord {
  readonly folder: string;
  readonly times: PartTimes | undefined;
  storeTimes(times: PartTimes): Promise<void>;
  evaluation(values: Configuration): Evaluation | undefined;
  evaluations(): readonly Evaluation[];
  add(evaluation: Evaluation): Promise<void>;
  close(): Promise<void>;
}

/** Opens the record. Throws HarnessError where another process writes this search, or a file of it was changed by hand. */
export async function openRecord(folder: string, notice: (text: string) => void): Promise<SearchRecord> {
  await onDisk(folder, () => mkdir(folder, { recursive: true }));
  const lock = await acquireLock(join(folder, "lock"), { notice });
  try {
    return await readRecord(folder, lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function readRecord(folder: string, lock: Lock): Promise<SearchRecord> {
  const timesFile = join(folder, "parts.json");
  let times = existsSync(timesFile) ? read(partTimes, await readFile(timesFile, "utf8"), timesFile) : undefined;
  const linesFile = join(folder, "evaluations.jsonl");
  const known = new Map<string, Evaluation>();
  let end = 0;
  for await (const line of readLines(linesFile)) {
    if (!line.whole) break;
    const evaluation: Evaluation = read(evaluationLine, line.text, `${linesFile}:${line.number}`);
    known.set(keyOf(evaluation.values), evaluation);
    end = line.end;
  }
  const lines: LineFile = await openLineFile(linesFile, { end });
  return {
    folder,
    get times() {
      return times;
    },
    async storeTimes(measured) {
      times = measured;
      await replaceFile(timesFile, `${JSON.stringify(measured, undefined, 2)}\n`);
    },
    evaluation: (values) => known.get(keyOf(values)),
    evaluations: () => [...known.values()],
    async add(evaluation) {
      await lock.assertHeld();
      await lines.append(`${JSON.stringify(evaluation)}\n`);
      known.set(keyOf(evaluation.values), evaluation);
    },
    async close() {
      await lines.close();
      await lock.release();
    },
  };
}
