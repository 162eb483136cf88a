import type { Writable } from "node:stream";
import { HarnessError } from "../../errors.ts";
import type { Option } from "../../plan/options.ts";
import { visibleLines } from "../../visible.ts";

interface CommandArgument {
  readonly name: string;
  readonly describe: string;
  readonly many?: boolean;
  readonly optional?: boolean;
}

export interface Arguments {
  readonly [name: string]: unknown;
}

/** A command speaks here: results go to `out`, everything else to `notes`, so that pipes get results alone. */
export interface Console {
  readonly out: Writable;
  readonly notes: Writable & { readonly isTTY?: boolean };
}

/** Options that have no effect in some case. Where the user gives them all the same, they are refused and not passed over. */
export interface UnusedOptions {
  /** The case, as a message says it: `the provider is cpu`. */
  readonly when: string;
  holds(args: Arguments): boolean;
  readonly options: readonly string[];
}

/** What the help of the whole program says of a command. */
export interface Heading {
  readonly name: string;
  readonly describe: string;
  readonly arguments: readonly CommandArgument[];
}

/** One command of `bench`, free of the library that parses its arguments. */
export interface Command extends Heading {
  readonly options: Readonly<Record<string, Option>>;
  /** Returns the options that plug-ins bring, by name, those of `--plugin` among them; asked for when this command is called. */
  moreOptions?(plugins: readonly string[]): Promise<Readonly<Record<string, Option>>>;
  readonly unused?: readonly UnusedOptions[];
  /** Whole lines as a user would type them, each with what it does. */
  readonly examples: readonly (readonly [line: string, meaning: string])[];
  /** Returns the exit code: 0 done, 1 done and the answer is no. User mistakes throw HarnessError and exit with 2. */
  run(args: Arguments, console: Console): Promise<number>;
}

/** Commands by name, in the order of `--help`. A module is read only when its command is called, so `bench` starts fast. */
export type Commands = Readonly<Record<string, () => Promise<Command>>>;

/** Throws HarnessError for an option that is given and has no effect. */
export function refuseUnused({ options, unused = [] }: Command, args: Arguments): void {
  for (const { when, holds, options: names } of unused) {
    const given = names.find((name) => isGiven(args[name], options[name]?.default));
    if (given === undefined || !holds(args)) continue;
    throw new HarnessError(`--${given}: has no effect where ${when}`, { hint: "leave it out" });
  }
}

/** Throws HarnessError where a flag is given that does nothing beside another argument. */
export function refuse(args: Arguments, flag: string, why: string, hint: string): void {
  const given = args[flag];
  if (given !== undefined && given !== false) throw new HarnessError(`--${flag}: ${why}`, { found: given, hint });
}

/** Returns the number of a flag. Throws HarnessError where it is no whole number, or less than `least`. */
export function wholeNumber(args: Arguments, flag: string, least: number): number {
  const value = args[flag];
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number;
  throw new HarnessError(`--${flag}: must be a whole number`, { found: String(value), expected: `at least ${least}` });
}

/** Returns the words of an argument that may be given several times; none where it is not given. */
export function listOf(args: Arguments, name: string): readonly string[] {
  return ([] as readonly unknown[]).concat(args[name] ?? []).map(String);
}

function isGiven(value: unknown, standard: unknown): boolean {
  return value !== undefined && value !== false && value !== standard && !(Array.isArray(value) && value.length === 0);
}

/**
 * Writes a result as lines. Characters that a terminal would obey are shown as escapes: names in files and in others' results
 * come from strangers.
 */
export function line(console: Console, text: string): void {
  console.out.write(`${visibleLines(text)}\n`);
}

/** Writes whatever is no result as lines, in the same way. */
export function note({ notes }: Pick<Console, "notes">, text: string): void {
  notes.write(`${visibleLines(text)}\n`);
}

/** Returns the width of tables: that of the terminal; nothing for files and pipes, which get the full width. */
export function widthOf({ out }: Console): { readonly width: number | undefined } {
  const { columns } = out as { readonly columns?: number };
  return { width: columns === undefined ? undefined : Math.max(40, Math.min(columns, 160)) };
}
