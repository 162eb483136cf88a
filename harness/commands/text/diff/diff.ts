import { type GraphDiff, isSame, type SideTensors } from "../../../diff/diff.ts";
import type { MaskDifference } from "../../../diff/masks.ts";
import type { ComparedPair, Divergence } from "../../../diff/tensors/divergence.ts";
import type { StoredPair } from "../../../diff/tensors/storedValues.ts";
import { diverges, type TensorError } from "../../../diff/tensors/tensorError.ts";
import { agreementColumns, agreementGaps } from "../../../report/compare/agreementText.ts";
import { tablesText } from "../../../report/compare/figureText.ts";
import { wrap } from "../../../report/table/formats/layout.ts";
import { fittedTable } from "../fittedTable.ts";

const defaults = {
  /** Rows of the table, unless all are asked for. */
  rows: 12,
  /** Columns of a terminal that has not said how wide it is. */
  width: 120,
};

/** Holds what a diff found, and says how it is shown. */
export interface DiffText {
  readonly diff: GraphDiff;
  readonly masks: MaskDifference | undefined;
  /** Names of the sides, with their providers. */
  readonly sides: { readonly a: string; readonly b: string };
  /** Names what both graphs were fed. */
  readonly inputs: string;
  readonly rows: "all" | "few";
  readonly width: number | undefined;
}

/** Writes what `bench diff` prints: the answer, the table of the tensors around it, and the masks. */
export function diffText(text: DiffText): string {
  const { diff, masks, sides, inputs, rows, width = defaults.width } = text;
  const wrapped = (line: string) => wrap(line, width, "  ");
  const sections = [
    [`A: ${sides.a}`, `B: ${sides.b}`, `inputs: ${inputs}`].map(wrapped).join("\n"),
    answerText(diff, width),
    [...outputLines(diff), ...countLines(diff)].map(wrapped).join("\n"),
    tensorTable(diff, rows, width),
  ];
  if (rows === "all") sections.push(...leftOut(diff).map(wrapped));
  if (masks !== undefined) sections.push(masksText(masks, width));
  return sections.filter((section) => section !== "").join("\n\n");
}

function answerText(diff: GraphDiff, width: number): string {
  const { first, pairs, tolerance } = diff;
  if (first !== undefined) return divergenceText(first, diff, width);
  if (pairs.length === 0)
    return diff.outputs.length === 0
      ? "not the same: no tensor of A has a partner in B, and nothing is compared"
      : "no tensor of A has a partner in B: only the outputs are compared";
  const worst = pairs.reduce((most, pair) => (pair.error.max > most.error.max ? pair : most));
  const same = isSame(diff) ? "the same" : "the same tensors, but other outputs with the runtime's optimisation";
  const text = `${same}: no tensor is off by more than ${tolerance} of its std; the largest error is ${errorText(worst.error)}, at ${placeText(worst, diff)}`;
  return wrap(text, width, "  ");
}

function divergenceText({ pair, inputs, stored }: Divergence, diff: GraphDiff, width: number): string {
  const agreeing = inputs.map(({ a, error }) => `${a.name} (${errorText(error)})`);
  const details = [
    ...(pair.b.name === pair.a.name ? [] : [`in B: ${pair.b.name}`]),
    `${pair.a.node.operator}: error ${errorText(pair.error)} of the std, rms ${number(pair.error.rms)}; the tolerance is ${diff.tolerance}`,
    ...(agreeing.length === 0 ? [] : [`what it is computed from agrees: ${agreeing.join(", ")}`]),
    ...stored.map(storedText),
  ];
  const indented = details.map((text) => `  ${wrap(text, width - 2, "    ").replaceAll("\n", "\n  ")}`);
  return [
    wrap(`not the same: the first tensor that diverges is ${placeText(pair, diff)}`, width, "  "),
    ...indented,
  ].join("\n");
}

function storedText({ a, b, error, transposed }: StoredPair): string {
  const names = a === b ? a : `${a} and B's ${b}`;
  if (error === undefined) return `reads ${names}: of other types or sizes, not compared`;
  const turned = transposed === true ? ", stored the other way round" : "";
  if (error.max === 0 && error.notFinite === 0) return `reads ${names}: equal${turned}`;
  return `reads ${names}: differs by up to ${errorText(error)} of its std, rms ${number(error.rms)}${turned}`;
}

function placeText({ a }: ComparedPair, { a: side }: GraphDiff): string {
  return `${a.name}, ${a.place + 1} of ${side.count} (${depth(a.place, side)} of the depth)`;
}

function depth(place: number, { count }: SideTensors): string {
  return `${Math.round((100 * (place + 1)) / count)} %`;
}

function outputLines({ outputs, pairs, tolerance }: GraphDiff): readonly string[] {
  if (outputs.length === 0) return [];
  const inside = new Map(pairs.map(({ a, error }) => [a.name, error]));
  const matters = outputs.some(({ a, error }) => {
    const other = inside.get(a);
    return other !== undefined && diverges(other, tolerance) !== diverges(error, tolerance);
  });
  const note = matters ? "; without it, as tensors are looked at, that is otherwise" : "";
  const errors = outputs.map(({ a, error }) => `${a} ${errorText(error)}`).join(", ");
  return [`outputs as they are run, with the runtime's optimisation: ${errors}${note}`];
}

function countLines(diff: GraphDiff): readonly string[] {
  const { pairs, a, b, tooLarge, memory } = diff;
  const by = (way: ComparedPair["by"]) => pairs.filter((pair) => pair.by === way).length;
  const samples = pairs.filter(({ compared }) => compared === "samples").length;
  const lines = [
    `compared ${pairs.length} tensors: ${by("name") + by("output")} by name, ${by("order")} by shape, order and values; ${samples} of them, which only rearrange others, by samples`,
    `without a partner: ${a.alone.length} of A's ${a.count}, ${b.alone.length} of B's ${b.count}; not of floating point: ${kindsText(a)} in A, ${kindsText(b)} in B`,
  ];
  if (tooLarge.length > 0) {
    const names = tooLarge.map(({ a: tensor }) => tensor.name);
    lines.push(
      `${tooLarge.length} left out as too large for ${megabytes(memory.allowedBytes)}: ${listed(names)} (--memory)`,
    );
  }
  if (diff.namesAlone) lines.push("too many tensors without a name in common to be matched by order");
  return lines;
}

function kindsText({ skipped }: SideTensors): string {
  const counts = new Map<string, number>();
  for (const { reason } of skipped) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(", ") || "none";
}

/** Writes the tensors around the first that diverges, or those of the largest error, in A's order. */
function tensorTable(diff: GraphDiff, rows: DiffText["rows"], width: number): string {
  const shown = rows === "all" ? diff.pairs : chosenPairs(diff);
  if (shown.length === 0) return "";
  const mark = (pair: ComparedPair) =>
    pair === diff.first?.pair ? ">" : diverges(pair.error, diff.tolerance) ? "!" : "";
  return fittedTable(
    [
      { header: "", cells: shown.map(mark) },
      { header: "depth", cells: shown.map(({ a }) => depth(a.place, diff.a)) },
      { header: "tensor of A", cells: shown.map(({ a }) => a.name) },
      { header: "operator", cells: shown.map(({ a }) => a.node.operator), leaves: 3 },
      { header: "tensor of B", cells: shown.map(({ a, b }) => (a.name === b.name ? "=" : b.name)), leaves: 2 },
      { header: "error / std", cells: shown.map(({ error }) => errorText(error)) },
      { header: "rms / std", cells: shown.map(({ error }) => number(error.rms)), leaves: 1 },
    ],
    width,
  );
}

function chosenPairs({ pairs, first }: GraphDiff): readonly ComparedPair[] {
  if (first === undefined) {
    const worst = new Set(pairs.toSorted((x, y) => y.error.max - x.error.max).slice(0, defaults.rows));
    return pairs.filter((pair) => worst.has(pair));
  }
  const at = pairs.indexOf(first.pair);
  const from = Math.max(0, Math.min(at - defaults.rows / 2 + 1, pairs.length - defaults.rows));
  return pairs.slice(from, from + defaults.rows);
}

function leftOut({ a, b }: GraphDiff): readonly string[] {
  const sides = [["A", a] as const, ["B", b] as const];
  return sides.flatMap(([name, { alone, skipped }]) => [
    ...(alone.length === 0 ? [] : [`without a partner in ${name}: ${alone.map((tensor) => tensor.name).join(", ")}`]),
    ...(skipped.length === 0
      ? []
      : [`not compared in ${name}: ${skipped.map((value) => `${value.name} (${value.reason})`).join(", ")}`]),
  ]);
}

function masksText(masks: MaskDifference, width: number): string {
  if (masks.kind === "none") return wrap(`masks: not compared: ${masks.reason}`, width, "  ");
  const { images, dataset, agreement } = masks;
  const [names, ...columns] = agreementColumns(agreement);
  return [
    `masks of ${images} image${images === 1 ? "" : "s"} of ${dataset}, A's against B's:`,
    tablesText([names!], columns, width),
    ...agreementGaps(agreement).map((gap) => wrap(gap, width, "  ")),
  ].join("\n");
}

function errorText({ max, notFinite }: TensorError): string {
  return notFinite === 0 ? number(max) : `${notFinite} values not finite on one side alone`;
}

function number(value: number): string {
  return value === 0 ? "0" : value.toExponential(1);
}

function listed(names: readonly string[]): string {
  const most = 3;
  return names.length <= most ? names.join(", ") : `${names.slice(0, most).join(", ")} and ${names.length - most} more`;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
