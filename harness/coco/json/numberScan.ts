import { afterSpace, minus, point } from "./bytes.ts";

/** Powers of ten that a double holds exactly. */
const powersOfTen = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

/** Reads one JSON number after the other from bytes. */
export class NumberScan {
  /** Place where the token behind the number read last begins; -1 if there was no number. */
  end = -1;

  /**
   * Reads the number at `start`; a start of -1 is no number. Digits below 2^53 and a power of ten up to 22 are exact as
   * doubles, so one division gives the nearest double, as JSON.parse does (Clinger, How to read floating point numbers
   * accurately, 1990). Numbers with more digits or an exponent are not read.
   */
  read(bytes: Uint8Array, start: number): number {
    if (start < 0) return this.#none();
    const negative = bytes[start] === minus;
    const first = negative ? start + 1 : start;
    let at = first;
    let digits = 0;
    let digit = bytes[at]! - 48;
    for (; digit >= 0 && digit <= 9; digit = bytes[++at]! - 48) digits = digits * 10 + digit;
    const whole = at - first;
    if (whole === 0 || (whole > 1 && bytes[first] === 48)) return this.#none();
    let decimals = 0;
    if (bytes[at] === point) {
      digit = bytes[++at]! - 48;
      for (; digit >= 0 && digit <= 9; digit = bytes[++at]! - 48, decimals++) digits = digits * 10 + digit;
      if (decimals === 0) return this.#none();
    }
    if (digits >= 2 ** 53 || decimals > 22 || (bytes[at]! | 32) === 101) return this.#none();
    this.end = afterSpace(bytes, at);
    const value = decimals === 0 ? digits : digits / powersOfTen[decimals]!;
    return negative ? -value : value;
  }

  /** Reads what `read` reads, and with JSON.parse what `read` does not: scores of float32 have 17 digits. */
  readAny(bytes: Uint8Array, start: number): number {
    const value = this.read(bytes, start);
    return this.end < 0 && start >= 0 ? this.#parsed(bytes, start) : value;
  }

  #parsed(bytes: Uint8Array, start: number): number {
    let at = start;
    while (isNumeric(bytes[at]!)) at++;
    try {
      const value = JSON.parse(
        Buffer.from(bytes.buffer, bytes.byteOffset + start, at - start).toString("latin1"),
      ) as number;
      if (!Number.isFinite(value)) return this.#none();
      this.end = afterSpace(bytes, at);
      return value;
    } catch {
      return this.#none();
    }
  }

  #none(): number {
    this.end = -1;
    return 0;
  }
}

/** Tells whether the byte is a digit, a sign, the point or the letter of an exponent. */
function isNumeric(byte: number): boolean {
  return (byte >= 48 && byte <= 57) || byte === minus || byte === 43 || byte === point || (byte | 32) === 101;
}
