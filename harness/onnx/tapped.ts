import { appendFileSync, constants, copyFileSync, linkSync, mkdirSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { graphFilesOf } from "./files/graphFiles.ts";
import { encodeGraphPart, type GraphPart } from "./write.ts";

/** The most values that are taken as samples of one value of a graph. */
export const samplesOfValue = 256;

/** Names of the outputs that tell of a value: its dimensions as int64, and samples in the value's own type. */
export interface SampleNames {
  readonly dims: string;
  readonly samples: string;
}

/**
 * Copies a model into a folder with a part added to its graph, and its external tensors beside it, which are linked where the file
 * system allows it. Returns the path of the copy. Throws HarnessError where a file of tensors is missing or lies elsewhere.
 */
export function writeTapped(file: string, folder: string, part: GraphPart): string {
  const [, ...beside] = graphFilesOf(file);
  const copy = join(folder, basename(file));
  copyFileSync(file, copy, constants.COPYFILE_FICLONE);
  appendFileSync(copy, encodeGraphPart(part));
  for (const tensors of beside) linkOrCopy(tensors, join(folder, relative(dirname(file), tensors)));
  return copy;
}

function linkOrCopy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  try {
    linkSync(from, to);
  } catch {
    // Another disk, or a file system without links.
    copyFileSync(from, to, constants.COPYFILE_FICLONE);
  }
}

/** Returns a part that makes outputs of values that a graph computes. The runtime finds out their types. */
export function outputsPart(names: readonly string[]): GraphPart {
  return { nodes: [], numbers: [], outputs: names };
}

/**
 * Returns a part that gives the dimensions and samples of each of the values, however large they are: in row-major order one of
 * every `size / 256 + 1`, a step that is odd where sizes are powers of two, so that samples are of many channels.
 *
 * The runtime orders nodes backwards from those without a successor, the last one first. The nodes of the first value therefore
 * come last: its samples are then taken as soon as it is computed, and it is let go after that.
 */
export function samplesPart(names: readonly string[]): {
  readonly part: GraphPart;
  readonly outputs: readonly SampleNames[];
} {
  const outputs = names.map((_, i) => ({ dims: own(`${i} dims`), samples: own(`${i} samples`) }));
  const nodes = names.map((name, i) => {
    const { dims, samples } = outputs[i]!;
    const inner = (what: string) => own(`${i} ${what}`);
    const size = inner("size");
    const quotient = inner("quotient");
    const step = inner("step");
    const flat = inner("flat");
    return [
      { operator: "Shape", inputs: [name], outputs: [dims] },
      { operator: "Size", inputs: [name], outputs: [size] },
      { operator: "Div", inputs: [size, number.parts.name], outputs: [quotient] },
      { operator: "Add", inputs: [quotient, number.one.name], outputs: [step] },
      { operator: "Reshape", inputs: [name, number.all.name], outputs: [flat] },
      {
        operator: "Slice",
        inputs: [flat, number.zero.name, number.end.name, number.zero.name, step],
        outputs: [samples],
      },
    ];
  });
  const named = outputs.flatMap(({ dims, samples }) => [dims, samples]);
  return { part: { nodes: nodes.toReversed().flat(), numbers: Object.values(number), outputs: named }, outputs };
}

/** Names no value that an exporter would. */
function own(what: string): string {
  return `sam-bench ${what}`;
}

/** Constants of the nodes that take samples. */
const number = {
  parts: { name: own("parts"), values: [samplesOfValue] },
  one: { name: own("one"), values: [1] },
  zero: { name: own("zero"), values: [0] },
  end: { name: own("end"), values: [Number.MAX_SAFE_INTEGER] },
  all: { name: own("all"), values: [-1] },
} as const;
