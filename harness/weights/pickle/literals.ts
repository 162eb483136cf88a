/**
 * An instruction of a pickle that is read here puts one plain value on the stack: numbers, texts, bytes. Source:
 * Lib/pickletools.py of CPython.
 */

import type { Machine } from "./machine.ts";
import type { PickleValue } from "./pickleValue.ts";

export type Instruction = (machine: Machine) => void;

/** Python's integers have no limit; a checkpoint's fit in 64 bits, its magic number in 80. */
const longestInteger = 128;

/** Returns an instruction that reads its argument and pushes the value. */
export const literal =
  (read: (machine: Machine) => PickleValue): Instruction =>
  (machine) =>
    machine.push(read(machine));

const numbers: Record<string, Instruction> = {
  N: literal(() => null),
  "\x88": literal(() => true),
  "\x89": literal(() => false),
  J: literal(({ cursor }) => cursor.i32()),
  K: literal(({ cursor }) => cursor.u8()),
  M: literal(({ cursor }) => cursor.u16()),
  G: literal(({ cursor }) => cursor.f64()),
  I: literal((machine) => textInteger(machine)),
  L: literal((machine) => textInteger(machine)),
  F: literal(({ cursor }) => Number(cursor.line())),
  "\x8a": literal((machine) => longInteger(machine, machine.cursor.u8())),
  "\x8b": literal((machine) => longInteger(machine, machine.cursor.i32())),
};

const texts: Record<string, Instruction> = {
  X: literal(({ cursor }) => cursor.utf8(cursor.u32())),
  "\x8c": literal(({ cursor }) => cursor.utf8(cursor.u8())),
  "\x8d": literal(({ cursor }) => cursor.utf8(cursor.u64())),
  V: literal(({ cursor }) => rawUnicode(cursor.line())),
  // Python 2's str: bytes there, but names in a checkpoint.
  S: literal(({ cursor }) => cursor.line().slice(1, -1)),
  T: literal((machine) => machine.cursor.latin1(natural(machine, machine.cursor.i32()))),
  U: literal(({ cursor }) => cursor.latin1(cursor.u8())),
  B: (machine) => bytes(machine, machine.cursor.u32()),
  C: (machine) => bytes(machine, machine.cursor.u8()),
  "\x8e": (machine) => bytes(machine, machine.cursor.u64()),
  "\x96": (machine) => bytes(machine, machine.cursor.u64()),
};

export const literals: Readonly<Record<string, Instruction>> = { ...numbers, ...texts };

function bytes(machine: Machine, length: number): void {
  machine.cursor.skip(length);
  machine.push({ kind: "bytes", length });
}

/** `I01` and `I00` are Python 2's booleans. */
function textInteger({ cursor }: Machine): PickleValue {
  const text = cursor.line();
  if (text === "01" || text === "00") return text === "01";
  const digits = text.replace(/L$/, "");
  if (digits.length > longestInteger || !/^[+-]?\d+$/.test(digits)) throw cursor.damaged("has an integer that is none");
  return narrow(BigInt(digits.replace(/^\+/, "")));
}

/** Reads a little-endian two's complement. */
function longInteger(machine: Machine, length: number): PickleValue {
  if (natural(machine, length) > longestInteger)
    throw machine.cursor.damaged("has an integer that is too long", length);
  if (length === 0) return 0;
  const hex = Buffer.from(machine.cursor.take(length)).reverse().toString("hex");
  return narrow(BigInt.asIntN(8 * length, BigInt(`0x${hex}`)));
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function natural({ cursor }: Machine, length: number): number {
  if (length < 0) throw cursor.damaged("has a negative length", length);
  return length;
}

/** Reads raw-unicode-escape, protocol 0's form of a text. */
function rawUnicode(text: string): string {
  return text.replace(/\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})/g, (whole, short?: string, long?: string) => {
    const code = Number.parseInt(short ?? long!, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
