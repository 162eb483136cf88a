import { afterSpace, NumberScan } from "./numberScan.ts";

/** Lists of numbers, [[1, 2], [3]], as one array: list i ends before `ends[i]`. A class, so that no JSON object passes for one. */
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

  /** The same in memory of its own. */
  copy(): NumberLists {
    return new NumberLists(this.values.slice(0, this.ends.at(-1) ?? 0), this.ends);
  }

  /** Each list, sharing the memory. */
  views(): Float64Array[] {
    return this.ends.map((end, i) => this.values.subarray(this.ends[i - 1] ?? 0, end));
  }

  lists(): number[][] {
    return this.ends.map((end, i) => Array.from(this.values.subarray(this.ends[i - 1] ?? 0, end)));
  }
}

/**
 * JSON.parse, but for one member that is often a list of lists of numbers: such a value becomes a NumberLists, read straight
 * from the bytes. Polygons are most of an annotation file: this saves parsing their text twice as slowly, and their garbage.
 * Whatever is out of the ordinary (an empty list, an exponent, over 15 digits, an error) is left to JSON.parse and stays an array.
 * The values lie in memory that the next call overwrites: what is kept has to be copied. Throws SyntaxError as JSON.parse.
 */
export function parseElement(bytes: Buffer, member: Buffer): unknown {
  const name = bytes.indexOf(member);
  if (name < 0) return JSON.parse(bytes.toString("utf8"));
  const start = afterSpace(bytes, name + member.length);
  const read = readLists(bytes, start);
  if (read === undefined) return JSON.parse(bytes.toString("utf8"));
  const rest = `${bytes.toString("utf8", 0, start)}0${bytes.toString("utf8", read.end)}`;
  const element: unknown = JSON.parse(rest);
  const key = member.toString("utf8", 1, member.length - 2);
  // Another value in its place: the name stood there twice, or further in.
  if (typeof element !== "object" || element === null || (element as Record<string, unknown>)[key] !== 0) {
    return JSON.parse(bytes.toString("utf8"));
  }
  (element as Record<string, unknown>)[key] = read.lists;
  return element;
}

/** What `parseElement` looks for: the member's name in quotes with its colon. */
export function memberName(key: string): Buffer {
  return Buffer.from(`"${key}":`);
}

const number = new NumberScan();

let scratch = new Float64Array(1 << 12);

const comma = 44;
const opening = 91;
const closing = 93;

function readLists(bytes: Uint8Array, start: number): { lists: NumberLists; end: number } | undefined {
  // A number takes two bytes at least.
  if (scratch.length < bytes.length / 2) scratch = new Float64Array(bytes.length);
  const ends: number[] = [];
  let at = start;
  let count = 0;
  if (bytes[at] !== opening) return undefined;
  do {
    at = afterSpace(bytes, at + 1);
    if (bytes[at] !== opening) return undefined;
    do {
      scratch[count++] = number.read(bytes, afterSpace(bytes, at + 1));
      at = number.end;
      if (at < 0) return undefined;
    } while (bytes[at] === comma);
    if (bytes[at] !== closing) return undefined;
    ends.push(count);
    at = afterSpace(bytes, at + 1);
  } while (bytes[at] === comma);
  return bytes[at] === closing ? { lists: new NumberLists(scratch, ends), end: at + 1 } : undefined;
}
