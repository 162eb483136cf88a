/**
 * Reads a Python pickle, protocols 0 to 5, as data. A pickle is a program for a stack machine; this one knows the
 * instructions that build values and treats calls as records, so there is nothing that a file could make it run.
 * Source: Lib/pickletools.py of CPython, which documents every opcode.
 */

import type { Cursor } from "./cursor.ts";
import { machineOver, type PickleOptions } from "./machine.ts";
import { opcodes } from "./opcodes.ts";
import type { PickleValue } from "./pickleValue.ts";

const stop = ".".charCodeAt(0);

/** Reads one pickle, up to and with its STOP. Throws HarnessError, with the place, for anything else. */
export function unpickle(cursor: Cursor, options: PickleOptions): PickleValue {
  const machine = machineOver(cursor, options);
  for (;;) {
    const code = cursor.u8();
    if (code === stop) return machine.pop();
    const run = opcodes.get(code);
    if (run === undefined) throw cursor.damaged("has an unknown instruction", `0x${code.toString(16)}`);
    machine.charge(1);
    run(machine);
  }
}
