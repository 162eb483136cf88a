import { basename } from "node:path";
import type { DeclaredValue } from "../../harness/api.ts";
import { type AnyLayout, type ByPart, type GivenGraph, type Part, partNames, partsOf, type Wanted } from "./layout.ts";
import { dimsFit, fits, type Match, matched, typeFits } from "./matching.ts";

/** Files by the part that each is taken for, and those that no part is left for. */
export interface Assignment {
  readonly files: Partial<ByPart<Part, GivenGraph>>;
  readonly left: readonly GivenGraph[];
}

/** A value of a file that may stand for one that a layout misses. */
export interface Offer {
  readonly inFile: string;
  readonly role: string;
}

/** Says what files have of a layout, and what they lack. */
export interface Comparison extends Assignment {
  readonly layout: AnyLayout;
  /** Number of faults; it is 0 where the files are of this layout. */
  readonly faults: number;
  /** Faults less the names that the layout has: the nearest layout has the least. */
  readonly distance: number;
  /** Parts whose files are not there. */
  readonly missing: readonly Part[];
  /** True where nothing else is wrong. */
  readonly incomplete: boolean;
  readonly text: readonly string[];
  readonly offers: readonly Offer[];
}

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
/** Counts the faults of a part without a file, and of a file without a part: users give a file less rather than one too many. */
const missingFile = 4;
const leftFile = 20;

/** Compares files with a layout, name by name. */
export function compared(layout: AnyLayout, { files, left }: Assignment): Comparison {
  const missing = partsOf(layout).filter((part) => files[part] === undefined);
  const sides = partsOf(layout).flatMap((part) => {
    const file = files[part];
    return file === undefined ? [] : [...sidesOf(layout, part, file)];
  });
  const lines = [
    ...sides.flatMap(linesOf),
    ...missing.map((part) => ({ faults: missingFile, known: false, text: `no file as the ${partNames[part]}` })),
    ...left.map(({ file }) => ({ faults: leftFile, known: false, text: `${basename(file)}: no part is left for it` })),
  ];
  const faults = lines.reduce((sum, line) => sum + line.faults, 0);
  return {
    layout,
    files,
    left,
    missing,
    incomplete: missing.length > 0 && faults === missing.length * missingFile,
    faults,
    distance: faults - lines.filter(({ known }) => known).length,
    text: lines.map(({ text }) => text),
    offers: sides.flatMap(offersOf),
  };
}

/** The inputs or the outputs of a file beside those of the part that it is taken for. */
interface Side {
  readonly kind: "input" | "output";
  readonly title?: string;
  readonly wanted: readonly Wanted[];
  readonly matches: readonly Match[];
  /** The wanted values that the file does not have. */
  readonly missing: readonly Wanted[];
}

function sidesOf(layout: AnyLayout, part: Part, { file, inputs, outputs }: GivenGraph): readonly Side[] {
  const side = (kind: Side["kind"], found: readonly DeclaredValue[], wanted: readonly Wanted[]) => {
    const matches = matched(found, wanted);
    const missing = wanted.filter((each) => matches.every((match) => match.wanted !== each));
    return { kind, wanted, matches, missing };
  };
  const title = `${basename(file)} as the ${partNames[part]}`;
  return [{ title, ...side("input", inputs, layout[part]!.inputs) }, side("output", outputs, layout[part]!.outputs)];
}

function linesOf({ kind, title, matches, missing }: Side): readonly Line[] {
  return [
    ...(title === undefined ? [] : [{ faults: 0, known: false, text: title }]),
    ...matches.map((match) => lineOf(kind, match)),
    ...missing.map((wanted) => ({
      faults: wrongName,
      known: false,
      text: `${kind} ${wanted.name ?? `of any name, usually ${wanted.usually}`}: missing, expected ${wantedText(wanted)}`,
    })),
  ];
}

function lineOf(kind: Side["kind"], { found, wanted }: Match): Line {
  const text = `${kind} ${found.name}: ${found.type} ${dimsText(found.dims)}`;
  // An output that nothing needs does no harm. There would be nothing to feed to an input.
  if (wanted === undefined)
    return kind === "output"
      ? { faults: 0, known: false, text: `${text}, not needed` }
      : { faults: wrongName, known: false, text: `${text}, not expected` };
  const faults = Number(!typeFits(found, wanted)) + Number(!dimsFit(found, wanted));
  return { faults, known: true, text: faults === 0 ? text : `${text}, expected ${wantedText(wanted)}` };
}

/** Returns the unknown values that have the type and the dimensions of a missing one. */
function offersOf({ matches, missing }: Side): readonly Offer[] {
  const unknown = matches.filter(({ found, wanted }) => wanted === undefined && found.dims !== undefined);
  return missing.flatMap((wanted) => {
    const role = wanted.name ?? wanted.usually;
    const fitting = unknown.filter(({ found }) => fits(found, wanted));
    return role === undefined ? [] : fitting.map(({ found }) => ({ inFile: found.name, role }));
  });
}

function wantedText({ types, dims }: Wanted): string {
  return `${types.join(" or ")} ${dimsText(dims)}`;
}

function dimsText(dims: readonly (number | string)[] | undefined): string {
  return dims === undefined ? "of open rank" : `[${dims.join(", ")}]`;
}
