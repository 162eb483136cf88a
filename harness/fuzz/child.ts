import { openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { HarnessError } from "../errors.ts";
import { random } from "../stats/random.ts";
import { mutate } from "./mutate.ts";
import type { Parser } from "./parser.ts";

const defaults = {
  /** A process that grows beyond this has believed a lie about lengths. */
  memoryBytes: 2 ** 30,
  /** Cases between two looks at the memory. */
  look: 64,
};

/** Request to a child process: it tries the cases `from` … `to - 1` of a parser. */
export interface Batch {
  /** URL of the module that has the parser among its `parsers`. */
  readonly module: string;
  readonly parser: string;
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  /** No case begins after this time. */
  readonly untilMs?: number | undefined;
  /** Folder for scratch files; the file `current` in it holds the number of the present case as a 64-bit integer. */
  readonly folder: string;
}

export type Told =
  | { readonly say: "harm"; readonly index: number; readonly what: string }
  | { readonly say: "end"; readonly next: number; readonly read: number; readonly refused: number };

/** Returns a case, which depends on parser, seed and index alone. Where cases are mutated, the first ones are the corpus itself. */
export function caseOf({ id, draw }: Parser, seeds: readonly Buffer[], seed: number, index: number): Buffer {
  if (draw !== undefined) return draw(random(seed, "fuzz", id, index));
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
  const { seed, from, to, folder, untilMs = Number.POSITIVE_INFINITY } = batch;
  const current = openSync(join(folder, "current"), "w");
  const number = Buffer.alloc(8);
  const counts = { read: 0, refused: 0 };
  let index = from;
  // One case at least is tried: a child that tries none is no progress.
  for (; index < to && (index === from || Date.now() < untilMs); index++) {
    // The number is written, not sent: a message may still be on its way when the process dies.
    number.writeBigUInt64LE(BigInt(index));
    writeSync(current, number, 0, 8, 0);
    const bytes = caseOf(parser, seeds, seed, index);
    const exceeded = watchBounds(parser);
    try {
      await parser.read(bytes, folder);
      counts.read += 1;
    } catch (error) {
      const harm = harmOf(error);
      if (harm === undefined) counts.refused += 1;
      else tell({ say: "harm", index, what: harm });
    }
    const excess = exceeded();
    if (excess !== undefined) {
      tell({ say: "harm", index, what: excess });
      // The peak of a process never falls: the cases behind this one need another.
      tell({ say: "end", next: index + 1, ...counts });
      return;
    }
    if (index % defaults.look === 0 && process.memoryUsage.rss() > defaults.memoryBytes) {
      tell({ say: "harm", index, what: `the process has grown to ${process.memoryUsage.rss()} bytes` });
      tell({ say: "end", next: index + 1, ...counts });
      return;
    }
  }
  tell({ say: "end", next: index, ...counts });
}

/** Begins to watch a case; the returned function says after the case which of the parser's bounds it went beyond. */
function watchBounds({ bounds }: Parser): () => string | undefined {
  if (bounds === undefined) return () => undefined;
  const before = process.resourceUsage();
  return () => {
    const after = process.resourceUsage();
    const used = [after, before].map(({ userCPUTime, systemCPUTime }) => (userCPUTime + systemCPUTime) / 1000);
    const cpuMs = used[0]! - used[1]!;
    const grown = 1024 * (after.maxRSS - before.maxRSS);
    if (cpuMs > bounds.cpuMs) return `took ${Math.round(cpuMs)} ms of processor time`;
    return grown > bounds.memoryBytes ? `took ${grown} bytes of memory` : undefined;
  };
}

/** Returns what is wrong with an error; nothing for a refusal as users should get it. */
function harmOf(error: unknown): string | undefined {
  if (error instanceof HarnessError)
    return error.message.length < 2000 ? undefined : "a message of over 2,000 characters";
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
