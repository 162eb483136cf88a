/** This table says what each instruction of a pickle does, by its byte. Source: Lib/pickletools.py of CPython. */

import { globalName } from "./globals.ts";
import { type Instruction, literal, literals } from "./literals.ts";
import { call, dictOf, type Machine, setItems } from "./machine.ts";
import { isKind, type PickleValue } from "./pickleValue.ts";

const containers: Record<string, Instruction> = {
  "(": (machine) => machine.mark(),
  ")": literal(() => ({ kind: "tuple", items: [] })),
  t: literal((machine) => ({ kind: "tuple", items: machine.popMark() })),
  "\x85": (machine) => tuple(machine, 1),
  "\x86": (machine) => tuple(machine, 2),
  "\x87": (machine) => tuple(machine, 3),
  "]": literal(() => ({ kind: "list", items: [] })),
  l: literal((machine) => ({ kind: "list", items: machine.popMark() })),
  a: (machine) => append(machine, [machine.pop()]),
  e: (machine) => append(machine, machine.popMark()),
  "}": literal(() => ({ kind: "dict", entries: new Map() })),
  d: literal((machine) => dictOf(machine, machine.popMark())),
  s: (machine) => {
    const value = machine.pop();
    const key = machine.pop();
    setItems(machine, machine.top(), [key, value]);
  },
  u: (machine) => {
    const pairs = machine.popMark();
    setItems(machine, machine.top(), pairs);
  },
  "\x8f": literal(() => ({ kind: "set", items: [] })),
  "\x90": (machine) => append(machine, machine.popMark()),
  "\x91": literal((machine) => ({ kind: "set", items: machine.popMark() })),
};

const objects: Record<string, Instruction> = {
  c: literal(({ cursor, global }) => global(globalName(cursor.line(), cursor.line()))),
  "\x93": (machine) => {
    const name = machine.pop();
    const module = machine.pop();
    if (typeof name !== "string" || typeof module !== "string") throw machine.cursor.damaged("names no class");
    machine.push(machine.global(globalName(module, name)));
  },
  R: (machine) => reduce(machine),
  "\x81": (machine) => reduce(machine),
  "\x92": (machine) => {
    machine.pop(); // keyword arguments: no allowed class is made with them
    reduce(machine);
  },
  i: (machine) => {
    const callee = machine.global(globalName(machine.cursor.line(), machine.cursor.line()));
    machine.push(call(machine, callee, { kind: "tuple", items: machine.popMark() }));
  },
  o: (machine) => {
    const [callee = null, ...args] = machine.popMark();
    machine.push(call(machine, callee, { kind: "tuple", items: args }));
  },
  b: (machine) => {
    const state = machine.pop();
    const target = machine.top();
    // Attributes of a dict (the _metadata of a state dict) say nothing about weights.
    if (isKind(target, "record")) target.state = state;
    else if (!isKind(target, "dict") && !isKind(target, "set"))
      throw machine.cursor.damaged("sets a state of a plain value");
  },
  Q: (machine) => persistent(machine, machine.pop()),
  P: (machine) => persistent(machine, machine.cursor.line()),
};

const bookkeeping: Record<string, Instruction> = {
  "\x80": ({ cursor }) => {
    const protocol = cursor.u8();
    if (protocol > 5) throw cursor.damaged("has an unknown protocol", protocol);
  },
  "\x95": ({ cursor }) => void cursor.take(8),
  "0": (machine) => machine.discard(),
  "1": (machine) => void machine.popMark(),
  "2": literal((machine) => machine.top()),
  p: (machine) => void machine.memo.set(memoIndex(machine), machine.top()),
  q: (machine) => void machine.memo.set(machine.cursor.u8(), machine.top()),
  r: (machine) => void machine.memo.set(machine.cursor.u32(), machine.top()),
  "\x94": (machine) => void machine.memo.set(machine.memo.size, machine.top()),
  g: literal((machine) => recall(machine, memoIndex(machine))),
  h: literal((machine) => recall(machine, machine.cursor.u8())),
  j: literal((machine) => recall(machine, machine.cursor.u32())),
};

/** Left out: the extension registry (EXT1, EXT2, EXT4) and out-of-band buffers, which no file can carry. */
export const opcodes: ReadonlyMap<number, Instruction> = new Map(
  Object.entries({ ...literals, ...containers, ...objects, ...bookkeeping }).map(([code, run]) => [
    code.charCodeAt(0),
    run,
  ]),
);

function reduce(machine: Machine): void {
  const args = machine.pop();
  const callee = machine.pop();
  machine.push(call(machine, callee, args));
}

function tuple(machine: Machine, length: number): void {
  const items = new Array<PickleValue>(length);
  for (let i = length - 1; i >= 0; i--) items[i] = machine.pop();
  machine.push({ kind: "tuple", items });
}

/** A record of a list subclass keeps no items. */
function append(machine: Machine, items: readonly PickleValue[]): void {
  const target = machine.top();
  if (isKind(target, "record")) return;
  if (!isKind(target, "list") && !isKind(target, "set"))
    throw machine.cursor.damaged("appends to something that is no list");
  for (const item of items) target.items.push(item);
}

function persistent(machine: Machine, id: PickleValue): void {
  if (machine.options.persistent === undefined) throw machine.cursor.damaged("names a storage where none can be");
  machine.push(machine.options.persistent(id));
}

function recall({ memo, cursor }: Machine, index: number): PickleValue {
  const value = memo.get(index);
  if (value === undefined) throw cursor.damaged("recalls a value that it never stored", index);
  return value;
}

function memoIndex({ cursor }: Machine): number {
  const text = cursor.line();
  if (!/^\d{1,10}$/.test(text)) throw cursor.damaged("has an index that is no number");
  return Number(text);
}
