/** Reads a stretch of a source from front to back, a window at a time, and never allocates for bytes that are not there. */

import { HarnessError } from "../../errors.ts";
import { damaged } from "../damage.ts";
import { type ByteSource, readBytes } from "../source.ts";

const windowBytes = 64 * 1024;
/** No name, number or line of a checkpoint comes near it. */
const longestText = 16 * 1024 * 1024;

export interface Cursor {
  /** Offset in the source of the byte that is read next. */
  readonly position: number;
  u8(): number;
  u16(): number;
  u32(): number;
  i32(): number;
  /** Reads a little-endian number, as far as a double holds it. */
  u64(): number;
  /** Reads a big-endian number, as pickle writes it. */
  f64(): number;
  /** Returns bytes that are valid until the next call. */
  take(length: number): Uint8Array;
  utf8(length: number): string;
  latin1(length: number): string;
  /** Reads up to the next line feed, and skips that. */
  line(): string;
  skip(length: number): void;
  /** Returns a HarnessError that names the place. */
  damaged(problem: string, found?: unknown): HarnessError;
}

/** `place` says what is read, for messages: `data.pkl`. */
export function cursorOver(source: ByteSource, start: number, end: number, place: string): Cursor {
  const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let position = start;
  let window = new Uint8Array(0);
  let view = new DataView(window.buffer);
  let windowStart = start;

  /** Makes the next `length` bytes lie in the window; returns where they begin there. */
  function advance(length: number): number {
    if (length > end - position) throw broken("ends in the middle of a value");
    const at = position - windowStart;
    position += length;
    if (at + length <= window.length) return at;
    windowStart = position - length;
    window = readBytes(source, windowStart, Math.min(end - windowStart, Math.max(length, windowBytes)));
    view = new DataView(window.buffer);
    return 0;
  }

  function take(length: number): Uint8Array {
    const at = advance(length);
    return window.subarray(at, at + length);
  }

  /** `read` looks at the view only after advance has moved it. */
  function number(width: number, read: (at: number) => number): number {
    return read(advance(width));
  }

  function text(length: number): Uint8Array {
    if (length > longestText && length <= end - position)
      throw broken("has a text that is too long", `${length} bytes`);
    return take(length);
  }

  function broken(problem: string, found?: unknown): HarnessError {
    return damaged(`${source.label}: ${place} ${problem} at byte ${position - start}`, {
      found,
    });
  }

  return {
    get position() {
      return position;
    },
    u8: () => number(1, (at) => view.getUint8(at)),
    u16: () => number(2, (at) => view.getUint16(at, true)),
    u32: () => number(4, (at) => view.getUint32(at, true)),
    i32: () => number(4, (at) => view.getInt32(at, true)),
    u64: () => number(8, (at) => Number(view.getBigUint64(at, true))),
    f64: () => number(8, (at) => view.getFloat64(at)),
    take,
    utf8(length) {
      try {
        return utf8.decode(text(length));
      } catch (cause) {
        throw cause instanceof HarnessError ? cause : broken("has a text that is not UTF-8");
      }
    },
    latin1: (length) => Buffer.from(text(length)).toString("latin1"),
    line() {
      let line = "";
      for (;;) {
        const at = advance(1);
        const rest = window.subarray(at, Math.min(window.length, at + end - position + 1));
        const feed = rest.indexOf(10);
        const length = feed < 0 ? rest.length : feed;
        line += Buffer.from(rest.buffer, rest.byteOffset, length).toString("latin1");
        if (line.length > longestText) throw broken("has a line that is too long", `${line.length} bytes`);
        position += length - (feed < 0 ? 1 : 0);
        if (feed >= 0) return line;
      }
    },
    skip(length) {
      if (length > end - position) throw broken("ends in the middle of a value");
      position += length;
    },
    damaged: broken,
  };
}
