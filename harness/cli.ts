import yargs, { type Argv, type Options } from "yargs";
import {
  alone,
  type Command,
  type Commands,
  type Console,
  commands,
  type Heading,
  headings,
} from "./commands/index.ts";
import { refuseUnused } from "./commands/terminal/command.ts";
import { exitCodes, exitCodeWords } from "./commands/terminal/exitCodes.ts";
import { HarnessError, Stopped, unknown } from "./errors.ts";
import { visibleLines } from "./visible.ts";

/** Settings of the parser: in `--plugin a.ts FILE`, FILE is no second plug-in, and words after -- are another program's. */
const parsing = { "greedy-arrays": false, "populate--": true } as const;

/** Name and commands of a command line program. */
export interface Program {
  readonly name: string;
  readonly about: string;
  readonly commands: Commands;
  /** What help says of each command; where it is left out, all commands are read for it. */
  readonly headings?: Readonly<Record<string, Heading>>;
  /** Answers a call without a command on a terminal, and returns the exit code; without it such a call is a mistake. */
  alone?(console: Console): Promise<number>;
}

const bench: Program = {
  name: "bench",
  about: "Measures Segment Anything variants: latency, memory, mIoU and AP, straight from checkpoint files.",
  commands,
  headings,
  alone,
};

export function main(argv: readonly string[]): Promise<void> {
  return runCommandLine(argv, bench);
}

/** Runs one command line and sets the process's exit code. */
export async function runCommandLine(argv: readonly string[], program: Program): Promise<void> {
  // `bench … | head` ends when the reader has seen enough.
  process.stdout.on("error", (error: NodeJS.ErrnoException) =>
    process.exit(error.code === "EPIPE" ? 0 : exitCodes.bug.code),
  );
  try {
    process.exitCode = await dispatch(argv, program, { out: process.stdout, notes: process.stderr });
  } catch (error) {
    process.exitCode = report(error);
  }
}

async function dispatch(argv: readonly string[], program: Program, console: Console): Promise<number> {
  const terminal = (console.out as { readonly isTTY?: boolean }).isTTY === true;
  if (argv.length === 0 && terminal && program.alone !== undefined) return program.alone(console);
  const declared = await calledBy(argv, program);
  let exitCode = 0;
  let parser = yargs([...argv])
    .scriptName(program.name)
    .usage(`$0 <command>\n\n${program.about}`)
    .demandCommand(1, `a command is needed; ${program.name} --help lists them`)
    .strict()
    // Messages of the parser would follow the user's language, and ours do not.
    .locale("en")
    .parserConfiguration(parsing)
    .help()
    .epilogue(exitCodeWords())
    .version()
    .wrap(Math.min(120, process.stdout.columns ?? 100))
    .fail((message, error) => {
      if (error !== undefined && error.name !== "YError") throw error;
      throw (
        unknownOption(message, { argv, declared, program }) ??
        new HarnessError(oneLine(message ?? error.message), {
          hint: `${program.name} --help, or ${program.name} COMMAND --help`,
        })
      );
    });
  for (const command of declared)
    parser = parser.command(
      usageOf(command),
      command.describe,
      (each) => declare(each, command),
      async (args) => {
        requireNumbers(command, args);
        refuseUnused(command, args);
        exitCode = await command.run(args, console);
      },
    );
  await parser.parseAsync();
  return exitCode;
}

/** Returns the error for an option that the command does not have, with the nearest that it has; nothing for other mistakes. */
function unknownOption(
  message: string,
  { argv, declared, program }: { argv: readonly string[]; declared: readonly Command[]; program: Program },
): HarnessError | undefined {
  const [, found = ""] = /^Unknown arguments?: ([^,]+)/.exec(message ?? "") ?? [];
  const option = argv.find((word) => word.replace(/=.*$/s, "").replace(/^--?/, "") === found && word.startsWith("-"));
  const [command] = declared;
  if (option === undefined || command === undefined || declared.length > 1) return undefined;
  const known = Object.keys(command.options).map((name) => `--${name}`);
  return unknown("option", option.replace(/=.*$/s, ""), known, `${program.name} ${command.name} --help lists them`);
}

/** Loads the command that is named first. Loads all commands where an option is first, and none where nothing else is said. */
async function calledBy(argv: readonly string[], { commands, headings: known }: Program): Promise<readonly Command[]> {
  const [first] = argv;
  if (known !== undefined && argv.every((word) => word === "--help" || word === "--version"))
    return Object.values(known).map(unread);
  if (first === undefined || first.startsWith("-")) return Promise.all(Object.values(commands).map((load) => load()));
  const names = Object.keys(commands);
  if (!names.includes(first)) throw unknown("command", first, names);
  const command = await commands[first]!();
  return [{ ...command, options: { ...command.options, ...(await command.moreOptions?.(pluginsIn(argv))) } }];
}

/** Returns a command that only its heading is known of. */
function unread(heading: Heading): Command {
  const run = () => Promise.reject(new Error(`${heading.name}: called before it was read`));
  return { ...heading, options: {}, examples: [], run };
}

/** Returns the modules that `--plugin` names: options that they bring must be known before a command line is parsed. */
function pluginsIn(argv: readonly string[]): readonly string[] {
  const { plugin = [] } = yargs([...argv])
    .help(false)
    .version(false)
    .parserConfiguration(parsing)
    .option("plugin", { type: "string", array: true, coerce: split })
    .parseSync();
  return plugin;
}

function usageOf({ name, arguments: positionals }: Command): string {
  const named = positionals.map((each) => ({ ...each, name: `${each.name}${each.many ? ".." : ""}` }));
  return [name, ...named.map((each) => (each.optional ? `[${each.name}]` : `<${each.name}>`))].join(" ");
}

function declare(parser: Argv, command: Command): Argv {
  for (const { name, describe } of command.arguments) parser.positional(name, { describe, type: "string" });
  for (const [name, { list, repeated, ...option }] of Object.entries(command.options)) {
    const given: Options = { ...option, requiresArg: option.type !== "boolean" };
    // A list is text until it is split: "1,2" is no number.
    const coerce = option.type === "number" ? splitNumbers : split;
    if (repeated) parser.option(name, { ...given, array: true });
    else parser.option(name, list ? { ...given, type: "string", array: true, coerce } : given);
  }
  for (const [example, meaning] of command.examples) parser.example(example, meaning);
  return parser;
}

function requireNumbers(command: Command, args: Readonly<Record<string, unknown>>): void {
  for (const [name, { type }] of Object.entries(command.options))
    if (type === "number" && [args[name]].flat().some(Number.isNaN))
      throw new HarnessError(`--${name}: must be a number`);
}

/** Prints one line of error and one of hint for the user's mistake, and the stack for a bug. Returns the exit code. */
function report(error: unknown): number {
  if (error instanceof HarnessError) {
    const hint = error.hint === undefined ? "" : `  hint: ${visibleLines(error.hint)}\n`;
    process.stderr.write(`error: ${visibleLines(error.message)}\n${hint}`);
    return error instanceof Stopped ? exitCodes.interrupted.code : exitCodes.mistake.code;
  }
  const trace = visibleLines(String(error instanceof Error ? error.stack : error));
  process.stderr.write(`${trace}\nthis is a bug in sam-bench; please report it with the command line\n`);
  return exitCodes.bug.code;
}

/** Writes a message of the parser as one line without a capital: the parser tells of wrong choices in several lines. */
function oneLine(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1).replace(/\s+/g, " ").replace(/\.$/, "");
}

function split(values: readonly string[]): string[] {
  return values.flatMap((value) => value.split(","));
}

function splitNumbers(values: readonly string[]): number[] {
  return split(values).map((word) => (word.trim() === "" ? Number.NaN : Number(word)));
}
