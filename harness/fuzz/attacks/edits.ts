import type { Random } from "../../api.ts";
import { integer } from "../../stats/random.ts";

/** One change of a file. Places are fractions of the file, so that the change fits a file of any length. */
export interface Edit {
  readonly kind: keyof typeof edits;
  /** Place in the file, from 0 to below 1. */
  readonly at: number;
  readonly to: number;
  readonly value: string;
}

export type Kind = keyof typeof edits;

/** Values that a field of a row can be replaced with. */
const values = [
  ...["9.5", "-0.1", "1.0000001", "0.999", "1e999", "null", '"0.5"', "NaN", "2", "0", "5", "99", "-1", "0.5", "true"],
  ...["9007199254740993", "[]", "{}"],
];

export function drawEdits(random: Random, kinds: readonly Kind[]): readonly Edit[] {
  return Array.from({ length: 1 + integer(random, 3) }, () => ({
    kind: kinds[integer(random, kinds.length)]!,
    at: random.next(),
    to: random.next(),
    value: values[integer(random, values.length)]!,
  }));
}

/** Returns the file after all of the edits, one after the other. */
export function edited(original: Buffer, given: readonly Edit[]): Buffer {
  return given.reduce<Buffer>((bytes, edit) => edits[edit.kind](bytes, edit), original);
}

const place = (length: number, fraction: number) => Math.min(length, Math.floor(length * fraction));

type Change = (bytes: Buffer, edit: Edit) => Buffer;

const edits = {
  flip(bytes, { at, to }) {
    const changed = Buffer.from(bytes);
    if (bytes.length > 0) changed[place(bytes.length, at)]! ^= 1 << Math.floor(8 * to);
    return changed;
  },
  byte(bytes, { at, to }) {
    const changed = Buffer.from(bytes);
    if (bytes.length > 0) changed[place(bytes.length, at)] = Math.floor(256 * to);
    return changed;
  },
  cut: (bytes, { at }) => bytes.subarray(0, place(bytes.length, at)),
  grow: (bytes, { value }) => Buffer.concat([bytes, Buffer.from(value)]),
  zero(bytes, { at, to }) {
    const changed = Buffer.from(bytes);
    const start = place(bytes.length, at);
    return changed.fill(0, start, Math.min(bytes.length, start + 1 + Math.floor(64 * to)));
  },
  field(bytes, { at, value }) {
    const text = bytes.toString("latin1");
    const numbers = [...text.matchAll(/"(iou|predictedIou|image|target|step|token|areaPx|rows|category)":[^,}]*/g)];
    const found = numbers[place(numbers.length, at)];
    if (found === undefined) return bytes;
    const end = found.index + found[0].length;
    return Buffer.from(`${text.slice(0, found.index)}"${found[1]}":${value}${text.slice(end)}`, "latin1");
  },
  repeatLine: (bytes, edit) => withLines(bytes, edit, (line) => [line, line]),
  dropLine: (bytes, edit) => withLines(bytes, edit, () => []),
  /** Moves a line, so that an image's rows stand twice or belong to another image. */
  moveLine(bytes, { at, to }) {
    const lines = bytes.toString("latin1").split("\n");
    const [moved = ""] = lines.splice(place(lines.length, at), 1);
    lines.splice(place(lines.length, to), 0, moved);
    return Buffer.from(lines.join("\n"), "latin1");
  },
} satisfies Record<string, Change>;

function withLines(bytes: Buffer, { at }: Edit, change: (line: string) => readonly string[]): Buffer {
  const lines = bytes.toString("latin1").split("\n");
  const chosen = place(lines.length, at);
  return Buffer.from(lines.flatMap((line, index) => (index === chosen ? change(line) : [line])).join("\n"), "latin1");
}
