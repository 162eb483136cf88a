import { openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { HarnessError } from "../errors.ts";
import { random } from "../stats/random.ts";
import { mutate } from "./mutate.ts";
import type { Parser } from "./parsers.ts";

const defaults = {
  /** A process that grows beyond this has been made to allocate by a lie about lengths. */
  memoryBytes: 2 ** 30,
  /** Cases between two looks at the memory. */
  look: 64,
};

/** Cases `from` … `to - 1` of a parser, for a child process. */
export interface Batch {
  /** URL of the module that has the parser among its `parsers`. */
  readonly module: string;
  readonly parser: string;
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  /** Scratch space; the file `current` in it holds the case under way as a 64-bit integer. */
  readonly folder: string;
}

export type Told =
  | { readonly say: "harm"; readonly index: number; readonly what: string }
  | { readonly say: "end"; readonly read: number; readonly refused: number };

/** A case follows from parser, seed and index alone. The first ones are the corpus as it is. */
export function caseOf({ id }: Parser, seeds: readonly Buffer[], seed: number, index: number): Buffer {
  const original = seeds[index % seeds.length]!;
  return index < seeds.length ? original : mutate(original, random(seed, "fuzz", id, index));
}

export function serve(): void {
  process.on("disconnect", () => process.exit(0));
  process.on("message", (batch: Batch) => {
    tryAll(batch, (told) => process.send?.(told)).catch((error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
      process.exit(1);
    });
  });
}

async function tryAll({ module, parser: id, ...batch }: Batch, tell: (told: Told) => void): Promise<void> {
  const { parsers } = (await import(module)) as { parsers: readonly Parser[] };
  const parser = parsers.find((each) => each.id === id)!;
  const seeds = parser.seeds();
  const { seed, from, to, folder } = batch;
  const current = openSync(join(folder, "current"), "w");
  const number = Buffer.alloc(8);
  const counts = { read: 0, refused: 0 };
  for (let index = from; index < to; index++) {
    // Written, not sent: a message may still be on its way when the process dies.
    number.writeBigUInt64LE(BigInt(index));
    writeSync(current, number, 0, 8, 0);
    try {
      await parser.read(caseOf(parser, seeds, seed, index), folder);
      counts.read += 1;
    } catch (error) {
      const harm = harmOf(error);
      if (harm === undefined) counts.refused += 1;
      else tell({ say: "harm", index, what: harm });
    }
    if (index % defaults.look === 0 && process.memoryUsage.rss() > defaults.memoryBytes) {
      tell({ say: "harm", index, what: `the process has grown to ${process.memoryUsage.rss()} bytes` });
      break;
    }
  }
  tell({ say: "end", ...counts });
}

/** Nothing for a refusal as users should get it. */
function harmOf(error: unknown): string | undefined {
  if (error instanceof HarnessError)
    return error.message.length < 2000 ? undefined : "a message of over 2,000 characters";
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
