import { createHash } from "node:crypto";
import { type BigIntStats, closeSync, createReadStream, fstatSync, openSync, readSync } from "node:fs";
import { HarnessError } from "../../errors.ts";
import { refuseIrregular } from "../../files.ts";

/** Closes a file once nobody holds it, because nobody says when a dataset is done with. */
const unused = new FinalizationRegistry<number>((handle) => closeSync(handle));

/**
 * A file from which pieces are read by their place. It stays open: where another file takes its name, the pieces are still its
 * own; where something is written into it, reading fails.
 */
export class PlacedFile {
  readonly file: string;
  /** SHA-256 of all its bytes, hexadecimal. */
  readonly sha256: string;
  readonly #handle: number;
  readonly #state: string;

  private constructor(opened: { file: string; sha256: string; handle: number; state: string }) {
    this.file = opened.file;
    this.sha256 = opened.sha256;
    this.#handle = opened.handle;
    this.#state = opened.state;
    unused.register(this, opened.handle);
  }

  /** Reads the whole file once, for its hash. Throws HarnessError where it can not be read. */
  static async open(file: string): Promise<PlacedFile> {
    refuseIrregular(file);
    const handle = orFail(file, "opened", () => openSync(file, "r"));
    try {
      const state = stateOf(handle);
      const hash = createHash("sha256");
      const stream = createReadStream(file, { fd: handle, start: 0, autoClose: false, highWaterMark: 1 << 20 });
      for await (const chunk of stream as AsyncIterable<Buffer>) hash.update(chunk);
      if (stateOf(handle) !== state) throw changed(file);
      return new PlacedFile({ file, sha256: hash.digest("hex"), handle, state });
    } catch (error) {
      closeSync(handle);
      if (error instanceof HarnessError) throw error;
      throw new HarnessError(`${file}: can not be read`, { found: (error as Error).message, cause: error });
    }
  }

  /** Reads a piece. Throws HarnessError where the file has been written into since it was opened. */
  read(offset: number, bytes: number): Buffer {
    const buffer = Buffer.allocUnsafe(bytes);
    const read = orFail(this.file, "read", () => readSync(this.#handle, buffer, 0, bytes, offset));
    // Behind the reading: a change before it is seen, one after it does no harm.
    if (read < bytes || stateOf(this.#handle) !== this.#state) throw changed(this.file);
    return buffer;
  }
}

function stateOf(handle: number): string {
  const { size, mtimeNs }: BigIntStats = fstatSync(handle, { bigint: true });
  return `${size} ${mtimeNs}`;
}

function changed(file: string): HarnessError {
  return new HarnessError(`${file}: was changed while it was read`, { hint: "run again when nobody writes it" });
}

function orFail<T>(file: string, what: string, step: () => T): T {
  try {
    return step();
  } catch (cause) {
    throw new HarnessError(`${file}: can not be ${what}`, { found: (cause as Error).message, cause });
  }
}
