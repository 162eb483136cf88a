import type { Writable } from "node:stream";
import { HarnessError } from "../../errors.ts";
import type { Option } from "../../plan/options.ts";
import { visibleLines } from "../../visible.ts";

export interface CommandArgument {
  readonly name: string;
  readonly describe: string;
  readonly many?: boolean;
  readonly optional?: boolean;
}

export interface Arguments {
  readonly [name: string]: unknown;
}

/** Where a command speaks. Results go to `out`, everything else to `notes`, so that pipes get results alone. */
export interface Console {
  readonly out: Writable;
  readonly notes: Writable & { readonly isTTY?: boolean };
}

/** Options that have no effect in some case: given there, they are refused and not passed over. */
export interface UnusedOptions {
  /** The case, as a message says it: `the provider is cpu`. */
  readonly when: string;
  holds(args: Arguments): boolean;
  readonly options: readonly string[];
}

/** One command of `bench`, free of the library that parses its arguments. */
export interface Command {
  readonly name: string;
  readonly describe: string;
  readonly arguments: readonly CommandArgument[];
  readonly options: Readonly<Record<string, Option>>;
  /** Returns the options that plug-ins bring, by name, those of `--plugin` among them; asked for when this command is called. */
  moreOptions?(plugins: readonly string[]): Promise<Readonly<Record<string, Option>>>;
  readonly unused?: readonly UnusedOptions[];
  /** Whole lines as a user would type them, each with what it does. */
  readonly examples: readonly (readonly [line: string, meaning: string])[];
  /** Returns the exit code: 0 done, 1 done and the answer is no. User mistakes throw HarnessError and exit with 2. */
  run(args: Arguments, console: Console): Promise<number>;
}

/** Commands by name, in the order of `--help`. A module is read when its command is called: starting one does not cost them all. */
export type Commands = Readonly<Record<string, () => Promise<Command>>>;

/** Throws HarnessError for an option that is given and has no effect. */
export function refuseUnused({ options, unused = [] }: Command, args: Arguments): void {
  for (const { when, holds, options: names } of unused) {
    const given = names.find((name) => isGiven(args[name], options[name]?.default));
    if (given === undefined || !holds(args)) continue;
    throw new HarnessError(`--${given}: has no effect where ${when}`, { hint: "leave it out" });
  }
}

function isGiven(value: unknown, standard: unknown): boolean {
  return value !== undefined && value !== false && value !== standard && !(Array.isArray(value) && value.length === 0);
}

/** A result, as lines. Characters that a terminal would obey are shown: names in files, and in others' results, are strangers'. */
export function line(console: Console, text: string): void {
  console.out.write(`${visibleLines(text)}\n`);
}

/** Everything that is no result, as lines, in the same way. */
export function note({ notes }: Pick<Console, "notes">, text: string): void {
  notes.write(`${visibleLines(text)}\n`);
}

/** Narrow terminals get narrower tables; files and pipes the full width. */
export function widthOf({ out }: Console): { readonly width?: number } {
  const { columns } = out as { readonly columns?: number };
  return columns === undefined ? {} : { width: Math.max(80, Math.min(columns, 160)) };
}
