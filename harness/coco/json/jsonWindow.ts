import type { FileHandle } from "node:fs/promises";
import { HarnessError } from "../../errors.ts";
import {
  afterSpace,
  backslash,
  closeBrace,
  closeBracket,
  comma,
  isSpace,
  openBrace,
  openBracket,
  quote,
} from "./bytes.ts";

const defaults = {
  windowBytes: 4 << 20,
  largestElementBytes: 256 << 20,
  /** Zeros behind the window: a scan that has come to the end finds them in place of nothing, for which it would be slow. */
  paddingBytes: 64,
};

const byteOrderMark = [0xef, 0xbb, 0xbf];

/** The bytes at which the scan of a value stops: 1 is a bracket that opens, 2 one that closes, 3 a quote. */
const structure = new Uint8Array(256);
structure[openBracket] = 1;
structure[openBrace] = 1;
structure[closeBracket] = 2;
structure[closeBrace] = 2;
structure[quote] = 3;

/** A scan reads the elements of an array straight from the bytes, without a parser. */
export interface ElementScan {
  /**
   * Tries to read the element that begins at `start`; `end` is where the bytes that are read already end. Returns where the
   * element ends, or -1 to have it parsed.
   */
  read(bytes: Uint8Array, start: number, end: number): number;
  /** Takes the element that was read last, with its offset in the file and its length in bytes. */
  keep(offset: number, bytes: number): void;
}

/** A sliding view of the file that keeps the bytes since the last mark. */
export class JsonWindow {
  private buffer = padded(defaults.windowBytes);
  private position = 0;
  private end = 0;
  /** Offset in the file at which the buffer begins. */
  private base = 0;
  private marked: number | undefined;
  /** State of the scan of the value that is being stepped over. */
  private readonly open = { depth: 0, quoted: false };

  constructor(
    readonly file: string,
    private readonly handle: FileHandle,
    private readonly bytes: ((chunk: Uint8Array) => void) | undefined,
  ) {}

  /** Returns the offset of the next byte in the file. */
  offset(): number {
    return this.base + this.position;
  }

  step(): void {
    this.position++;
  }

  mark(): void {
    this.marked = this.position;
  }

  /** Returns the bytes since the mark, and lifts the mark. The bytes are valid until the next step. */
  take(): Buffer {
    const bytes = this.buffer.subarray(this.marked ?? this.position, this.position);
    this.marked = undefined;
    return bytes;
  }

  fail(where: string, problem: string): never {
    throw brokenJson(this.file, where, this.offset(), problem);
  }

  /** Returns the next byte that is not white space, without stepping over it; undefined if the buffer holds none. */
  next(): number | undefined {
    for (; this.position < this.end; this.position++) {
      const next = this.buffer[this.position]!;
      if (!isSpace(next)) return next;
    }
    return undefined;
  }

  /** Returns what `next` returns, and reads on where the buffer holds too little. */
  async peek(where: string): Promise<number> {
    if (await this.atEnd()) this.fail(where, "the file ends there");
    return this.buffer[this.position]!;
  }

  /** Steps over white space; true if nothing is left. */
  async atEnd(): Promise<boolean> {
    while (this.next() === undefined) {
      if (!(await this.fill("the file"))) return true;
    }
    return false;
  }

  /** Steps over the mark that some editors write at the beginning of UTF-8. It must be called before anything else is read. */
  async skipByteOrderMark(): Promise<void> {
    if (await this.atEnd()) return;
    if (byteOrderMark.every((each, i) => this.buffer[this.position + i] === each))
      this.position += byteOrderMark.length;
  }

  /**
   * Hands elements to `scan` for as long as it reads them, and steps over each with the comma behind it, or with the bracket that
   * closes the array. Returns the number of elements, and whether the array has ended.
   */
  scan(scan: ElementScan): { readonly elements: number; readonly ended: boolean } {
    const { buffer, end } = this;
    for (let elements = 0; ; elements++) {
      const start = afterSpace(buffer, this.position);
      const after = scan.read(buffer, start, end);
      const next = after < 0 ? end : afterSpace(buffer, after);
      // What is not there yet, and what may not stand here, is for the caller.
      if (next >= end || (buffer[next] !== comma && buffer[next] !== closeBracket)) return { elements, ended: false };
      scan.keep(this.base + start, after - start);
      this.position = next + 1;
      if (buffer[next] === closeBracket) return { elements: elements + 1, ended: true };
    }
  }

  /** Steps over one value by its brackets and quotes; what stands between them is for JSON.parse to check. */
  async value(where: string): Promise<void> {
    while (!this.stepOver()) {
      if (await this.fill(where)) continue;
      this.position = Math.min(this.position, this.end);
      this.fail(where, "the file ends there");
    }
  }

  /**
   * Scans what the buffer holds of a value. Returns true once the value is complete; else it must be called again after the
   * next fill. A position past the end steps over an escaped byte to come.
   */
  stepOver(): boolean {
    const { buffer, end } = this;
    let { depth, quoted } = this.open;
    let at = this.position;
    let complete = false;
    while (!complete && at < end) {
      if (quoted) {
        while (at < end && buffer[at] !== quote) at += buffer[at] === backslash ? 2 : 1;
        if (at >= end) break;
        at++;
        quoted = false;
        complete = depth === 0;
      } else if (depth === 0 && structure[buffer[at]!] === 0) {
        // A number or a word: it ends where a bracket, a comma or white space stands.
        while (at < end && !isDelimiter(buffer[at]!)) at++;
        complete = at < end;
        break;
      } else {
        while (at < end && structure[buffer[at]!] === 0) at++;
        if (at >= end) break;
        const kind = structure[buffer[at++]!]!;
        if (kind === 3) quoted = true;
        else if (kind === 1) depth++;
        else complete = --depth === 0;
      }
    }
    this.position = at;
    this.open.depth = depth;
    this.open.quoted = quoted;
    return complete;
  }

  /** Reads on and keeps what is marked; returns false at the end of the file. */
  private async fill(where: string): Promise<boolean> {
    const keep = Math.min(this.marked ?? this.position, this.end);
    const kept = this.end - keep;
    if (kept > this.capacity() / 2) this.grow(where);
    this.buffer.copyWithin(0, keep, this.end);
    this.base += keep;
    this.position -= keep;
    this.end = kept;
    if (this.marked !== undefined) this.marked -= keep;
    const { bytesRead } = await this.handle
      .read(this.buffer, kept, this.capacity() - kept, this.base + kept)
      .catch((cause: Error) => {
        throw new HarnessError(`${this.file}: can not be read`, { found: cause.message, cause });
      });
    this.bytes?.(this.buffer.subarray(kept, kept + bytesRead));
    this.end += bytesRead;
    return bytesRead > 0;
  }

  private capacity(): number {
    return this.buffer.length - defaults.paddingBytes;
  }

  private grow(where: string): void {
    const capacity = this.capacity();
    if (capacity >= defaults.largestElementBytes) {
      throw new HarnessError(`${this.file}: ${where} is too large to read`, {
        found: `over ${capacity / 2} bytes`,
        expected: "arrays of small elements at the top level",
      });
    }
    const larger = padded(2 * capacity);
    this.buffer.copy(larger, 0, 0, this.end);
    this.buffer = larger;
  }
}

/** Returns room for so many bytes, with zeros behind it. */
function padded(bytes: number): Buffer {
  return Buffer.allocUnsafe(bytes + defaults.paddingBytes).fill(0, bytes);
}

function isDelimiter(next: number): boolean {
  return next === comma || isSpace(next) || structure[next] === 2;
}

/** Makes the error for a fault in a file's JSON: every such error is the same sentence. */
export function brokenJson(file: string, where: string, offset: number, problem: string): HarnessError {
  return new HarnessError(`${file}: broken JSON in ${where} at byte ${offset}: ${problem}`, {
    hint: "was the download or the writing of the file cut short?",
  });
}
