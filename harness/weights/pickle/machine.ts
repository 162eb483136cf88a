/** The stack machine that a pickle is a program for: its stack, marks and memo, and what a call makes. */

import { HarnessError } from "../../errors.ts";
import { printable } from "../damage.ts";
import type { Budget } from "./budget.ts";
import type { Cursor } from "./cursor.ts";
import { checkGlobal } from "./globals.ts";
import { isKind, isRecord, type PickleDict, type PickleObject, type PickleValue } from "./pickleValue.ts";

export interface PickleOptions {
  /** Name of the file, for messages. */
  readonly label: string;
  /** The budget of the whole file: every pickle in it is charged to the same one. */
  readonly budget: Budget;
  /** Further classes that become records, as `module.name`. */
  readonly inert?: readonly string[];
  /** Returns what a persistent id stands for; without this function there may be none. */
  readonly persistent?: (id: PickleValue) => PickleValue;
}

/** The stack machine's state, as the opcodes see it. */
export interface Machine {
  readonly cursor: Cursor;
  readonly memo: Map<number, PickleValue>;
  readonly options: PickleOptions;
  /** Counts instructions, and the items of what is copied. Throws HarnessError when there are too many. */
  charge(count: number): void;
  push(value: PickleValue): void;
  pop(): PickleValue;
  top(): PickleValue;
  mark(): void;
  /** Removes everything above the last mark, and the mark, and returns it. */
  popMark(): PickleValue[];
  /** POP takes a mark away where one is on top. */
  discard(): void;
  /** Throws HarnessError unless the class is allowed. */
  global(name: string): PickleObject;
}

export function machineOver(cursor: Cursor, options: PickleOptions): Machine {
  const stack: PickleValue[] = [];
  const marks: number[] = [];
  const inert = new Set(options.inert);

  /** Values above the last mark; an instruction that takes one from below it is damage. */
  function top(): PickleValue {
    if (stack.length <= (marks.at(-1) ?? 0)) throw cursor.damaged("takes a value from an empty stack");
    return stack.at(-1)!;
  }

  return {
    cursor,
    memo: new Map(),
    options,
    charge: options.budget.charge,
    push: (value) => void stack.push(value),
    top,
    pop() {
      const value = top();
      stack.pop();
      return value;
    },
    mark: () => void marks.push(stack.length),
    popMark() {
      const start = marks.pop();
      if (start === undefined) throw cursor.damaged("misses a mark");
      return stack.splice(start);
    },
    discard() {
      if (marks.length > 0 && marks.at(-1) === stack.length) marks.pop();
      else {
        top();
        stack.pop();
      }
    },
    global(name) {
      checkGlobal(name, options.label, inert);
      return { kind: "global", name };
    },
  };
}

/** Sets pairs of a key and a value, as SETITEMS has them. Records of dict subclasses keep none. */
export function setItems(machine: Machine, target: PickleValue, pairs: readonly PickleValue[]): void {
  if (pairs.length % 2 !== 0) throw machine.cursor.damaged("has a key without a value");
  if (isKind(target, "record")) return;
  if (!isKind(target, "dict")) throw machine.cursor.damaged("sets an item of something that is no dict");
  for (let i = 0; i < pairs.length; i += 2) target.entries.set(pairs[i]!, pairs[i + 1]!);
}

export function dictOf(machine: Machine, pairs: readonly PickleValue[]): PickleDict {
  const dict: PickleDict = { kind: "dict", entries: new Map() };
  setItems(machine, dict, pairs);
  return dict;
}

/** Calls an allowed class: a container becomes what it is, all else a record of the call. */
export function call(machine: Machine, callee: PickleValue, args: PickleValue): PickleObject {
  if (!isKind(callee, "global") || !isKind(args, "tuple")) {
    throw machine.cursor.damaged("calls something that is not a class or function");
  }
  switch (callee.name) {
    case "collections.OrderedDict":
    case "collections.defaultdict":
    case "collections.Counter":
    case "builtins.dict":
      return dictOf(machine, pairsOf(machine, args.items.at(-1)));
    case "builtins.set":
    case "builtins.frozenset":
      return { kind: "set", items: [...itemsOf(machine, args.items[0])] };
    case "builtins.getattr":
      requireMethod(machine, args.items);
      return { kind: "record", className: callee.name, args: args.items };
    default:
      return { kind: "record", className: callee.name, args: args.items };
  }
}

/**
 * getattr is allowed only where the caller names it among the inert classes, and then only as pickle writes a function of a
 * class (`Detect.forward`) or of a module (`encoder.forward`): of a class that is allowed itself, or of a record of a class that
 * the caller names, by a name without a leading underscore.
 */
function requireMethod({ options: { label, inert = [] } }: Machine, [owner, name]: readonly PickleValue[]): void {
  const ofModule = isRecord(owner) && owner.className !== "builtins.getattr" && inert.includes(owner.className);
  const named = typeof name === "string" && /^[a-z]\w*$/i.test(name);
  if (named && (ofModule || isKind(owner, "global"))) return;
  throw new HarnessError(`${label}: refused, because its pickle takes an attribute that no module keeps`, {
    found: typeof name === "string" ? printable(name) : "no name",
    hint: "this file would run code when loaded by PyTorch; do not load it there, and get the checkpoint from its authors",
  });
}

/** Returns keys and values in turn, of a dict or of a list of pairs (how Python 2 pickled an OrderedDict). */
function pairsOf(machine: Machine, given: PickleValue | undefined): PickleValue[] {
  if (isKind(given, "dict")) {
    machine.charge(given.entries.size);
    return [...given.entries].flat();
  }
  return itemsOf(machine, given).flatMap((pair) => {
    const items = itemsOf(machine, pair);
    return items.length === 2 ? items : [];
  });
}

/** Returns items to copy, and charges them: otherwise a short file could copy one long list over and over. */
function itemsOf(machine: Machine, given: PickleValue | undefined): readonly PickleValue[] {
  if (!isKind(given, "list") && !isKind(given, "tuple")) return [];
  machine.charge(given.items.length);
  return given.items;
}
