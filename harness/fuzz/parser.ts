import type { Random } from "../api.ts";

/** One way in for files that others made. */
export interface Parser {
  readonly id: string;
  /** What a case is, in a few words. */
  readonly describe: string;
  /** Cases a quick run tries: about ten seconds' worth. */
  readonly cases: number;
  /** Sound files, and files that once did harm; none for a parser that draws its cases. */
  seeds(): readonly Buffer[];
  /** Draws a case. A parser without it gets its seeds, mutated. */
  draw?(random: Random): Buffer;
  /** What one case may take. */
  readonly bounds?: Bounds;
  /**
   * Reads the bytes as a user's file, all of it. Throws HarnessError for what it refuses, Error where it accepted something
   * that it must not. `folder` is scratch space.
   */
  read(bytes: Buffer, folder: string): Promise<void>;
}

export interface Bounds {
  /** Processor time, ms: a machine that is busy with other work takes none of it. */
  readonly cpuMs: number;
  /** Growth of the process's peak memory, bytes. */
  readonly memoryBytes: number;
}

/** A parser that draws its cases. */
export type Attack = Omit<Parser, "seeds" | "draw"> & Required<Pick<Parser, "draw">>;
