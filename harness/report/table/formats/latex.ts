import { type Column, type Grid, groupSpans, nameOf, none, noteText, rowsOf } from "../grid.ts";

/**
 * Writes a grid as a table float that \input reads: booktabs draws its rules, siunitx aligns its plain figures. The file needs
 * \usepackage{booktabs,siunitx} alone, under pdfLaTeX, XeLaTeX and LuaLaTeX. Where graphicx is loaded too, a table wider than
 * the text is shrunk to it.
 */
export function gridLatex(grid: Grid): string {
  const { id, title, subtitle, columns, notes } = grid;
  const forms = columns.map(formOf);
  const rows = rowsOf(grid).map((texts, row) =>
    line(texts.map((text, column) => boldIf(isBest(columns[column]!, row), cellLatex(text, forms[column]!)))),
  );
  const names = columns.map((column, i) =>
    forms[i]!.numbers ? `{${escaped(nameOf(column))}}` : escaped(nameOf(column)),
  );
  return [
    "% needs \\usepackage{booktabs,siunitx}; with \\usepackage{graphicx} a table that is too wide is shrunk",
    "\\begin{table}",
    "\\centering",
    `\\caption{${escaped(`${title}. ${subtitle.charAt(0).toUpperCase()}${subtitle.slice(1)}`)}}`,
    `\\label{tab:${id}}`,
    "\\footnotesize",
    "\\setlength{\\tabcolsep}{4pt}",
    "\\sbox0{%",
    `\\begin{tabular}{@{}${forms.map(({ column }) => column).join("")}@{}}`,
    "\\toprule",
    ...groupLines(columns),
    line(names),
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
  /** The column's letter in the preamble of tabular: `l`, `r` or `S[…]`. */
  readonly column: string;
  /** Tells whether siunitx aligns the figures of the column: text in such a column stands in braces. */
  readonly numbers: boolean;
}

const figure = /^([−-]?)(\d+)(?:\.(\d+))?(?: ±(\d+)(?:\.(\d+))?)?$/;

/** Returns how a column is set: by siunitx, with the digits that its figures need, where it holds figures and gaps alone. */
function formOf({ align, cells, marks }: Column): ColumnForm {
  const filled = cells.filter((text) => text !== none && text !== "");
  const parts = filled.map((text) => figure.exec(text));
  if (align === "left" || parts.length === 0 || parts.some((part) => part === null))
    return { column: align === "right" ? "r" : "l", numbers: false };
  const most = (group: number) => Math.max(...parts.map((part) => part![group]?.length ?? 0));
  const sign = parts.some((part) => part![1] !== "") ? "-" : "";
  const decimals = most(3) === 0 ? "" : `.${most(3)}`;
  const uncertain = most(4) === 0 ? "" : `(${most(4) + most(5)})`;
  const separate = uncertain === "" ? "" : ",separate-uncertainty";
  // As text, figures are as bold as the cell that they stand in.
  const bold = marks?.some((mark) => mark?.signs?.includes("best")) ? ",detect-weight,mode=text" : "";
  return { column: `S[table-format=${sign}${most(2)}${decimals}${uncertain}${separate}${bold}]`, numbers: true };
}

function cellLatex(text: string, { numbers }: ColumnForm): string {
  if (!numbers) return escaped(text);
  return figure.test(text) ? text.replace("−", "-").replace(" ±", " +- ") : `{${escaped(text)}}`;
}

function isBest({ marks }: Column, row: number): boolean {
  return marks?.[row]?.signs?.includes("best") === true;
}

function boldIf(bold: boolean, cell: string): string {
  return bold ? `\\bfseries ${cell}` : cell;
}

/** Prints the box as it is, or shrinks it where it is too wide and graphicx is loaded. */
const fitted =
  "\\ifdim\\wd0>\\linewidth\\ifdefined\\resizebox\\resizebox{\\linewidth}{!}{\\usebox0}\\else\\usebox0\\fi\\else\\usebox0\\fi";

/** Returns the line of group names over their columns, and the rules under them. */
function groupLines(columns: readonly Column[]): readonly string[] {
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
