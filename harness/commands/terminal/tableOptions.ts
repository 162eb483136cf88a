import type { Option } from "../../plan/options.ts";
import { bold, type SignStyle } from "../../report/table/formats/layout.ts";
import type { TableChoice, TableOptions } from "../../report/table/tables.ts";
import { visibleLines } from "../../visible.ts";
import { type Arguments, type Console, listOf, type UnusedOptions, widthOf } from "./command.ts";

/** Options of a result table, for every command that prints one. */
export const tableOptions = {
  columns: { describe: "these columns by their ids, or all", type: "string", list: true },
  wide: { describe: "also quartiles, multiply-accumulates, prompts a second and what is counted", type: "boolean" },
  notes: { describe: "all notes and warnings in full, and what was left out", type: "boolean" },
  sort: { describe: "sort rows by this column, the best first", type: "string" },
} as const satisfies Readonly<Record<string, Option>>;

const ofText = ["columns", "wide", "notes", "sort"] as const satisfies readonly (keyof typeof tableOptions)[];

/** Cases in which an option of a table has no effect. */
export const tableUnused: readonly UnusedOptions[] = [
  {
    when: "JSON or CSV, which hold everything, are written",
    holds: ({ json, format }) => json === true || format === "json" || format === "csv",
    options: ofText,
  },
  {
    when: "--columns names the columns",
    holds: ({ columns }) => listOf({ columns }, "columns").length > 0,
    options: ["wide"],
  },
];

/** Returns what `tableOptions` say. */
export function tableChoice(args: Arguments): TableChoice {
  const named = listOf(args, "columns");
  const some = args.wide === true ? "wide" : "first";
  return {
    columns: named.length === 0 ? some : named.includes("all") ? "all" : named,
    sort: args.sort as string | undefined,
    notes: args.notes === true ? "all" : "first",
  };
}

/** Returns how a table is to look where it goes: as wide as a terminal is, in bold where it shows that. */
export function lookOf(console: Console, { out }: Arguments = {}): Pick<TableOptions, "width" | "style"> {
  if (out !== undefined) return { width: undefined, style: "characters" };
  return { ...widthOf(console), style: styleOf(console, process.env) };
}

/** Tells whether the best values are bold: on a terminal, unless NO_COLOR or TERM say otherwise. Source: no-color.org. */
export function styleOf({ out }: Pick<Console, "out">, environment: NodeJS.ProcessEnv): SignStyle {
  const { isTTY } = out as { readonly isTTY?: boolean };
  const plain = (environment.NO_COLOR ?? "") !== "" || environment.TERM === "dumb";
  return isTTY === true && !plain ? "bold" : "characters";
}

/** Returns text that a terminal may show: all that would move it is escaped, but for bold and its end. */
export function printable(text: string): string {
  const parts = text.split(bold.on).map((part) => part.split(bold.off).map(visibleLines).join(bold.off));
  return parts.join(bold.on);
}
