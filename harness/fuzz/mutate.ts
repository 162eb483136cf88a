import type { Random } from "../api.ts";
import { integer } from "../stats/random.ts";

/** Numbers that lengths and offsets break at. */
const lengths = [0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];
/** Every instruction of a pickle and JSON's punctuation. */
const symbols = Buffer.from('().012FIJKLMNPQRSTUVXabcd}eghijl]opqrstuBCG{[,":-9', "latin1");
/** Texts that a JSON value may be replaced with: other types, and numbers at the edges. */
const words = [
  ...["null", "true", "[]", "{}", '""', "-1", "0", "0.5", "1e999", "9007199254740993", "[[[[", '"\\ud800"'],
  ...["NaN", "-Infinity", "1e15", "[[0,0,1e15,1e15,-1e15,5]]", "[1e9,1e9,1e9,1e9]", "[1000000,1000000]"],
];

/** Changes the bytes one to four times, mostly near either end, where headers and directories lie. */
export function mutate(original: Uint8Array, random: Random): Buffer {
  let bytes: Buffer = Buffer.from(original);
  for (let rounds = 1 + integer(random, 4); rounds > 0 && bytes.length > 16; rounds--)
    bytes = mutations[integer(random, mutations.length)]!(bytes, place(bytes, random), random);
  return bytes;
}

function place(bytes: Buffer, random: Random): number {
  const near = Math.min(1500, bytes.length);
  const start = integer(random, near);
  return [integer(random, bytes.length), start, start, bytes.length - 1 - start][integer(random, 4)]!;
}

type Mutation = (bytes: Buffer, at: number, random: Random) => Buffer;

const mutations: readonly Mutation[] = [
  function flipBit(bytes, at, random) {
    bytes[at]! ^= 1 << integer(random, 8);
    return bytes;
  },
  function cutShort(bytes, at) {
    return at % 5 === 0 ? bytes.subarray(0, at) : bytes;
  },
  function movePiece(bytes, at, random) {
    const from = integer(random, bytes.length);
    const piece = bytes.subarray(from, from + integer(random, 64));
    const over = integer(random, 2) === 0 ? 0 : piece.length;
    return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at + over)]);
  },
  function writeLength(bytes, at, random) {
    const width = [1, 2, 4, 6][integer(random, 4)]!;
    const value = lengths[integer(random, lengths.length)]! % 2 ** (8 * width);
    bytes.writeUIntLE(value, Math.min(at, bytes.length - width), width);
    return bytes;
  },
  function writeSymbol(bytes, at, random) {
    bytes[at] = integer(random, 3) === 0 ? 0x80 + integer(random, 0x19) : symbols[integer(random, symbols.length)]!;
    return bytes;
  },
  function growNumber(bytes, at, random) {
    const digit = bytes.subarray(at).findIndex((byte) => byte >= 0x30 && byte <= 0x39);
    if (digit >= 0) bytes.write("9".repeat(1 + integer(random, 3)), at + digit, "latin1");
    return bytes;
  },
  function replaceValue(bytes, at, random) {
    // From a colon to the next comma or bracket: in JSON, one value or the beginning of one.
    const start = bytes.indexOf(":", at);
    if (start < 0) return bytes;
    const ends = [",", "}", "]"].map((end) => bytes.indexOf(end, start)).filter((end) => end > 0);
    const word = Buffer.from(words[integer(random, words.length)]!);
    return Buffer.concat([bytes.subarray(0, start + 1), word, bytes.subarray(Math.min(...ends, bytes.length))]);
  },
];
