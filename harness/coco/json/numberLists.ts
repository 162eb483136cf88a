import { grown } from "../../mask/columns.ts";
import { afterSpace, closeBracket, comma, openBracket } from "./bytes.ts";
import { NumberScan } from "./numberScan.ts";

/**
 * Lists of numbers, such as [[1, 2], [3]], as one array: list i ends before `ends[i]`. It is a class, so that no JSON object
 * passes for one.
 */
export class NumberLists {
  constructor(
    readonly values: Float64Array,
    readonly ends: readonly number[],
  ) {}

  static from(lists: readonly (readonly number[])[]): NumberLists {
    let end = 0;
    const ends = lists.map((list) => {
      end += list.length;
      return end;
    });
    return new NumberLists(Float64Array.from(lists.flat()), ends);
  }

  /** Returns the same lists in memory of their own. */
  copy(): NumberLists {
    return new NumberLists(this.values.slice(0, this.ends.at(-1) ?? 0), this.ends);
  }

  /** Returns each list as a view of the same memory. */
  views(): Float64Array[] {
    return this.ends.map((end, i) => this.values.subarray(this.ends[i - 1] ?? 0, end));
  }

  lists(): number[][] {
    return this.ends.map((end, i) => Array.from(this.values.subarray(this.ends[i - 1] ?? 0, end)));
  }
}

/** Reads lists of lists of numbers straight from the bytes, into memory that the next reading overwrites. */
export class NumberListScan {
  /** Place behind the bracket that closes the lists read last; -1 if there were none. */
  end = -1;
  readonly #number = new NumberScan();
  #values = new Float64Array(1 << 12);

  /** Reads the lists at `start`. Whatever is out of the ordinary (an empty list, an exponent, over 15 digits) is not read. */
  read(bytes: Uint8Array, start: number): NumberLists | undefined {
    const number = this.#number;
    const ends: number[] = [];
    let at = start;
    let count = 0;
    this.end = -1;
    if (bytes[at] !== openBracket) return undefined;
    do {
      at = afterSpace(bytes, at + 1);
      if (bytes[at] !== openBracket) return undefined;
      do {
        if (count === this.#values.length) this.#values = grown(this.#values, 2 * count);
        this.#values[count++] = number.read(bytes, afterSpace(bytes, at + 1));
        at = number.end;
        if (at < 0) return undefined;
      } while (bytes[at] === comma);
      if (bytes[at] !== closeBracket) return undefined;
      ends.push(count);
      at = afterSpace(bytes, at + 1);
    } while (bytes[at] === comma);
    if (bytes[at] !== closeBracket) return undefined;
    this.end = at + 1;
    return new NumberLists(this.#values, ends);
  }
}

/**
 * Parses an element as JSON.parse does, but for one member that is often a list of lists of numbers: such a value becomes a
 * NumberLists, read straight from the bytes. Whatever is out of the ordinary (an empty list, an exponent, over 15 digits, an
 * error) is left to JSON.parse and stays an array.
 * It saves a fifth of the time of an annotation file: 5.7 s of CPU in place of 7.2 s with JSON.parse and a copy, for 244,707
 * annotations (106 MB).
 */
export class NumberListParser {
  readonly #key: string;
  /** The member's name in quotes with its colon. */
  readonly #name: Buffer;
  readonly #lists = new NumberListScan();

  constructor(key: string) {
    this.#key = key;
    this.#name = Buffer.from(`"${key}":`);
  }

  /** The numbers lie in memory that the next call overwrites: whoever keeps them copies them. Throws SyntaxError as JSON.parse. */
  parse(bytes: Buffer): unknown {
    const name = bytes.indexOf(this.#name);
    const start = name < 0 ? 0 : afterSpace(bytes, name + this.#name.length);
    const lists = name < 0 ? undefined : this.#lists.read(bytes, start);
    if (lists === undefined) return JSON.parse(bytes.toString("utf8"));
    const rest = `${bytes.toString("utf8", 0, start)}0${bytes.toString("utf8", this.#lists.end)}`;
    const element = JSON.parse(rest) as Record<string, unknown> | null;
    // Where another value stands in its place, the name stood there twice, or further in.
    if (typeof element !== "object" || element?.[this.#key] !== 0) return JSON.parse(bytes.toString("utf8"));
    element[this.#key] = lists;
    return element;
  }
}
