import { type Grid, type GridColumn, groupSpans, noteText, rowCount } from "./grid.ts";

/**
 * A table float with booktabs' rules and siunitx's columns for plain figures, to be read with \input: needs
 * \usepackage{booktabs,siunitx} alone, under pdfLaTeX, XeLaTeX and LuaLaTeX.
 * Where graphicx is loaded too, a table wider than the text is shrunk to it.
 */
export function gridLatex(grid: Grid): string {
  const { id, title, subtitle, columns, notes } = grid;
  const forms = columns.map(formOf);
  const rows = Array.from({ length: rowCount(grid) }, (_, i) =>
    line(columns.map(({ cells }, column) => cellLatex(cells[i]?.text ?? "", forms[column]!))),
  );
  return [
    "% needs \\usepackage{booktabs,siunitx}; with \\usepackage{graphicx} a table that is too wide is shrunk",
    "\\begin{table}",
    "\\centering",
    `\\caption{${escaped(`${title}. ${subtitle}`)}}`,
    `\\label{tab:${id}}`,
    "\\footnotesize",
    "\\setlength{\\tabcolsep}{4pt}",
    "\\sbox0{%",
    `\\begin{tabular}{@{}${forms.map(({ column }) => column).join("")}@{}}`,
    "\\toprule",
    ...groupLines(columns),
    line(columns.map(({ header }, column) => (forms[column]!.numbers ? `{${escaped(header)}}` : escaped(header)))),
    "\\midrule",
    ...rows,
    "\\bottomrule",
    "\\end{tabular}}%",
    fitted,
    ...noteLines(notes),
    "\\end{table}",
  ].join("\n");
}

interface ColumnForm {
  /** Of tabular's preamble. */
  readonly column: string;
  /** Whether siunitx aligns its figures: text in it stands in braces. */
  readonly numbers: boolean;
}

const figure = /^([−-]?)(\d+)(?:\.(\d+))?(?: ±(\d+)(?:\.(\d+))?)?$/;

/** Digits before and after the point that all figures need; a column with anything else but gaps stays as it is. */
function formOf({ align, cells }: GridColumn): ColumnForm {
  const filled = cells.map(({ text }) => text).filter((text) => text !== "–" && text !== "");
  const parts = filled.map((text) => figure.exec(text));
  if (align === "left" || parts.length === 0 || parts.some((part) => part === null))
    return { column: align === "right" ? "r" : "l", numbers: false };
  const most = (group: number) => Math.max(...parts.map((part) => part![group]?.length ?? 0));
  const sign = parts.some((part) => part![1] !== "") ? "-" : "";
  const decimals = most(3) === 0 ? "" : `.${most(3)}`;
  const uncertain = most(4) === 0 ? "" : `(${most(4) + most(5)})`;
  const separate = uncertain === "" ? "" : ",separate-uncertainty";
  return { column: `S[table-format=${sign}${most(2)}${decimals}${uncertain}${separate}]`, numbers: true };
}

function cellLatex(text: string, { numbers }: ColumnForm): string {
  if (!numbers) return escaped(text);
  return figure.test(text) ? text.replace("−", "-").replace(" ±", " +- ") : `{${escaped(text)}}`;
}

/** The box as it is, or shrunk, if it has to be and can. */
const fitted =
  "\\ifdim\\wd0>\\linewidth\\ifdefined\\resizebox\\resizebox{\\linewidth}{!}{\\usebox0}\\else\\usebox0\\fi\\else\\usebox0\\fi";

/** Group names over their columns, each with a rule under it. */
function groupLines(columns: readonly GridColumn[]): readonly string[] {
  const spans = groupSpans(columns);
  if (spans.every(({ group }) => group === undefined)) return [];
  const cells = spans.map(({ group, count }) =>
    group === undefined ? "" : `\\multicolumn{${count}}{c}{${escaped(group)}}`,
  );
  const rules = spans
    .filter(({ group }) => group !== undefined)
    .map(({ from, count }) => `\\cmidrule(lr){${from + 1}-${from + count}}`);
  return [line(cells), rules.join(" ")];
}

function noteLines(notes: Grid["notes"]): readonly string[] {
  if (notes.length === 0) return [];
  const texts = notes.map(({ label, text, kind }) =>
    kind === "command"
      ? `${escaped(label)} {\\ttfamily ${escaped(text).replaceAll(/-(?=-)/g, "-{}")}}`
      : escaped(noteText({ label, text, kind })),
  );
  return [
    "\\par\\smallskip",
    "\\begin{minipage}{\\linewidth}",
    "\\scriptsize\\raggedright",
    texts.join("\\par\n"),
    "\\end{minipage}",
  ];
}

function line(cells: readonly string[]): string {
  return `${cells.join(" & ")} \\\\`;
}

const commands: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  ...Object.fromEntries([..."&%$#_{}"].map((sign) => [sign, `\\${sign}`])),
  "±": "$\\pm$",
  "×": "$\\times$",
  "−": "$-$",
  "–": "--",
  "—": "---",
  "†": "$\\dagger$",
  "°": "$^\\circ$",
  "<": "$<$",
  ">": "$>$",
  "|": "$|$",
  // A row that begins with one would be taken as the option of the line break before it.
  "[": "{[}",
  "]": "{]}",
  "*": "{*}",
  '"': "''",
  "→": "$\\rightarrow$",
  "≥": "$\\geq$",
  "≤": "$\\leq$",
};

function escaped(text: string): string {
  return text.replace(/[\\~^&%$#_{}±×−–—†°<>|[\]*"→≥≤]/g, (sign) => commands[sign]!);
}
