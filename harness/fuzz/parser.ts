import type { Random } from "../api.ts";

/** A parser under test: it is one way in for files that others made. */
export interface Parser {
  readonly id: string;
  /** Description of a case in a few words. */
  readonly describe: string;
  /** A quick run tries this many cases, in about ten seconds. */
  readonly cases: number;
  /** Returns sound files and files that once did harm; none for a parser that draws its cases. */
  seeds(): readonly Buffer[];
  /** Draws a case. A parser without this function gets its seeds, mutated. */
  draw?(random: Random): Buffer;
  /** Limits of one case. */
  readonly bounds?: Bounds;
  /**
   * Reads the bytes as a user's file, all of it. Throws HarnessError for what it refuses, and Error where it accepted something
   * that it must not accept. `folder` is for scratch files.
   */
  read(bytes: Buffer, folder: string): Promise<void>;
}

interface Bounds {
  /** Processor time in ms: other work on the machine takes none of it. */
  readonly cpuMs: number;
  /** Growth of the process's peak memory in bytes. */
  readonly memoryBytes: number;
}

/** A parser that draws its cases. */
export type Attack = Omit<Parser, "seeds" | "draw"> & Required<Pick<Parser, "draw">>;
