import { type Grid, type GridColumn, groupSpans, noteText, rowCount } from "./grid.ts";

/**
 * A table float with booktabs' rules, to be read with \input: needs \usepackage{booktabs} alone, under pdfLaTeX, XeLaTeX and LuaLaTeX.
 * Where graphicx is loaded too, a table wider than the text is shrunk to it.
 */
export function gridLatex(grid: Grid): string {
  const { id, title, subtitle, columns, notes } = grid;
  const rows = Array.from({ length: rowCount(grid) }, (_, i) =>
    line(columns.map(({ cells }) => escaped(cells[i]?.text ?? ""))),
  );
  return [
    "% needs \\usepackage{booktabs}; with \\usepackage{graphicx} a table that is too wide is shrunk",
    "\\begin{table}",
    "\\centering",
    `\\caption{${escaped(`${title}. ${subtitle}`)}}`,
    `\\label{tab:${id}}`,
    "\\footnotesize",
    "\\setlength{\\tabcolsep}{4pt}",
    "\\sbox0{%",
    `\\begin{tabular}{@{}${columns.map(({ align }) => (align === "right" ? "r" : "l")).join("")}@{}}`,
    "\\toprule",
    ...groupLines(columns),
    line(columns.map(({ header }) => escaped(header))),
    "\\midrule",
    ...rows,
    "\\bottomrule",
    "\\end{tabular}}%",
    fitted,
    ...noteLines(notes),
    "\\end{table}",
  ].join("\n");
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
