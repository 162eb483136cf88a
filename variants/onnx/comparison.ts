import { basename } from "node:path";
import type { DeclaredValue, GraphSignature } from "../../harness/api.ts";
import type { Layout, Pair, Wanted, WantedGraph } from "./layout.ts";

/** Comparison of one name of a file with what the layout has there. */
interface Line {
  /** Number of faults; 0 where the name fits. */
  readonly faults: number;
  /** True where the layout has the name. */
  readonly known: boolean;
  readonly text: string;
}

/** Faults of a name that is missing, or that nothing could be fed to. */
const wrongName = 2;

/** Compares both files of a pair with a layout, name by name. */
export function comparisonOf(layout: Layout, pair: Pair): readonly Line[] {
  return (["encoder", "decoder"] as const).flatMap((part) => {
    const wanted: WantedGraph = layout[part];
    const found: GraphSignature = pair[part];
    return [
      { faults: 0, known: false, text: `${basename(found.file)} as the ${part}` },
      ...valueLines("input", wanted.inputs, found.inputs),
      ...valueLines("output", wanted.outputs, found.outputs),
    ];
  });
}

function valueLines(kind: "input" | "output", wanted: readonly Wanted[], found: readonly DeclaredValue[]): Line[] {
  // Outputs that a layout does not name do no harm, unless it names none: then there is no telling which one is meant.
  const harmless = kind === "output" && wanted.every(({ name }) => name !== undefined);
  const partner = (value: DeclaredValue) =>
    wanted.find(({ name }) => name === value.name) ??
    wanted.find(({ name }, i) => name === undefined && found[i] === value);
  const lines = found.map((value): Line => {
    const match = partner(value);
    const text = `${kind} ${value.name}: ${value.type} ${dimsText(value.dims)}`;
    if (match === undefined) return { faults: harmless ? 0 : wrongName, known: false, text: `${text}, not expected` };
    const faults = Number(!typeFits(value, match)) + Number(!dimsFit(value, match));
    return { faults, known: true, text: faults === 0 ? text : `${text}, expected ${wantedText(match)}` };
  });
  const missing = wanted.filter((each) => !found.some((value) => partner(value) === each));
  return [
    ...lines,
    ...missing.map((each) => ({
      faults: wrongName,
      known: false,
      text: `${kind} ${each.name ?? "of any name"}: missing, expected ${wantedText(each)}`,
    })),
  ];
}

/** Says whether the type fits. Where a file leaves a type or a dimension open, anything may be meant. */
function typeFits({ type }: DeclaredValue, { types }: Wanted): boolean {
  return type === "undefined" || types.includes(type);
}

function dimsFit({ dims }: DeclaredValue, wanted: Wanted): boolean {
  if (dims === undefined) return true;
  return (
    dims.length === wanted.dims.length &&
    wanted.dims.every((dim, i) => typeof dim === "string" || typeof dims[i] === "string" || dims[i] === dim)
  );
}

function wantedText({ types, dims }: Wanted): string {
  return `${types.join(" or ")} ${dimsText(dims)}`;
}

function dimsText(dims: readonly (number | string)[] | undefined): string {
  return dims === undefined ? "of open rank" : `[${dims.join(", ")}]`;
}
