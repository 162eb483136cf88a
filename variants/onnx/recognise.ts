import { basename } from "node:path";
import type { FileHints, GraphSignature, RecognisedFiles, ValueNames } from "../../harness/api.ts";
import { HarnessError } from "../../harness/errors.ts";
import { modelFile } from "../../harness/onnx/index.ts";
import { type Assignment, type Comparison, compared } from "./comparison.ts";
import { requireOneModel } from "./dimensions.ts";
import { type AnyLayout, type ByPart, type GivenGraph, type Part, partNames, parts, partsOf } from "./layout.ts";
import { layouts } from "./layouts/index.ts";
import { usualNames } from "./matching.ts";
import { meaningOf, renamedGraph, usedNames } from "./names.ts";

/** The most files that a layout has. */
const mostFiles = parts.length;

/** Files with the layout that they have, which has exactly these parts. */
interface Recognised {
  readonly layout: AnyLayout;
  readonly files: ByPart<Part, GivenGraph>;
}

/**
 * Finds which file is which part, and makes the manifest of all of them as a variant of that name. Throws HarnessError for files
 * of no layout.
 */
export async function recognise(
  name: string,
  graphs: readonly GraphSignature[],
  hints: FileHints = {},
): Promise<RecognisedFiles> {
  const { input } = hints;
  const names = usedNames(hints.names ?? {}, graphs, layouts);
  const { layout, files } = layoutOf(name, graphs, names);
  requireOneModel(layout, files);
  if (input !== undefined && layout.takesEither !== true)
    throw new HarnessError(`${name}: --input says nothing of these files`, {
      found: layout.title,
      hint: "what their encoder takes is known; leave --input out",
    });
  const { notes, ...traits } = await layout.describe(files, input);
  const given = partsOf(layout).map((part) => [part, files[part].file] as const);
  const taken = `${listed(given.map(([, file]) => file))}, taken as: ${layout.title}`;
  const preset = {
    id: name,
    title: `ONNX files: ${layout.title}`,
    size: "full" as const,
    ...traits,
    paper: { title: "ONNX files of the user's own" },
    valueNames: names,
    notes: [taken, ...(names === undefined ? [] : [namesNote(names)]), ...notes],
  };
  return { preset, files: Object.fromEntries(given) };
}

/**
 * Returns the first layout that the files have, in any order. `names` are those that the user gives their values. Throws
 * HarnessError that lists them name by name.
 */
export function layoutOf(name: string, graphs: readonly GraphSignature[], names?: ValueNames): Recognised {
  if (graphs.length > mostFiles)
    throw new HarnessError(`${name}: too many ONNX files`, {
      found: graphs.map(({ file }) => basename(file)).join(", "),
      expected: `at most ${mostFiles}`,
      hint: `--variant-files ${name}=ENCODER.onnx,DECODER.onnx`,
    });
  const given = graphs.map((graph) => renamedGraph(graph, names));
  const tried = layouts.flatMap((layout) =>
    assignments(partsOf(layout), given).map((assignment) => compared(layout, assignment)),
  );
  const found = tried.find(({ faults }) => faults === 0);
  if (found === undefined) throw refusal(name, graphs, tried);
  return { layout: found.layout, files: withUsualNames(found) };
}

/** Returns the files of a layout that they have without a fault, free names replaced by the layout's. */
function withUsualNames({ layout, files }: Comparison): ByPart<Part, GivenGraph> {
  const named = partsOf(layout).map((part) => {
    const { inputs, outputs } = layout[part]!;
    const file = files[part]!;
    const names = { ...usualNames(file.inputs, inputs), ...usualNames(file.outputs, outputs) };
    return [part, renamedGraph(file, names)] as const;
  });
  // A layout without a fault has a file for each of its parts, and asks for no other.
  return Object.fromEntries(named) as unknown as ByPart<Part, GivenGraph>;
}

/** Returns all ways to take each file for a part, or for none where there are more files than parts. */
function assignments(wanted: readonly Part[], graphs: readonly GivenGraph[]): readonly Assignment[] {
  const [first, ...rest] = graphs;
  if (first === undefined) return [{ files: {}, left: [] }];
  const taken = wanted.flatMap((part) =>
    assignments(
      wanted.filter((other) => other !== part),
      rest,
    ).map(({ files, left }) => ({ files: { ...files, [part]: first }, left })),
  );
  if (graphs.length <= wanted.length) return taken;
  const without = assignments(wanted, rest).map(({ files, left }) => ({ files, left: [first, ...left] }));
  return [...taken, ...without];
}

function refusal(name: string, graphs: readonly GraphSignature[], tried: readonly Comparison[]): HarnessError {
  const nearest = tried.reduce((best, each) => (each.distance < best.distance ? each : best));
  const { layout, text } = nearest;
  const found = listed(graphs.map(({ file }) => file));
  if (nearest.incomplete) return incomplete(name, nearest);
  const half = text.some((line) => line.includes("float16"));
  return new HarnessError(`${name}: no layout of ONNX files that is known`, {
    found,
    hint: [
      `the nearest is ${layout.title}:`,
      ...text.map((line) => `    ${line}`),
      ...offerLines(nearest),
      ...Object.values(layout.missing ?? {}).map((line) => `  ${line}`),
      ...(graphs.some(isOurs)
        ? [`  if bench onnx wrote these files: its ${modelFile} has to lie beside them, whole, with all of its files`]
        : []),
      ...(half ? ["  half precision is not run here: export in float32 (the file without _fp16)"] : []),
      `  known: ${layouts.map(({ title }) => title).join("; ")}`,
    ].join("\n"),
  });
}

/** Returns whether a graph has the names of this project's own: an encoder's output, or a decoder's inputs. */
function isOurs({ inputs, outputs }: GraphSignature): boolean {
  const names = [...inputs, ...outputs].map(({ name }) => name);
  return names.includes("image_embedding") || names.includes("image_tokens");
}

/** Returns the error for files of a layout that has one more. */
function incomplete(name: string, { layout, files, missing }: Comparison): HarnessError {
  const given = partsOf(layout).flatMap((part) => {
    const file = files[part]?.file;
    return file === undefined ? [] : [`${basename(file)} as the ${partNames[part]}`];
  });
  return new HarnessError(`${name}: the ${missing.map((part) => partNames[part]).join(" and the ")} is missing`, {
    found: `${given.join(" and ")} of: ${layout.title}`,
    hint: layout.missing?.[missing[0]!] ?? `--variant-files ${name}=${pathsOf(layout)}`,
  });
}

function pathsOf(layout: AnyLayout): string {
  return partsOf(layout)
    .map((part) => `${part.toUpperCase()}.onnx`)
    .join(",");
}

/** Says of each unknown value that fits a missing one what it looks like, and with which flag it is taken as that. */
function offerLines({ offers }: Comparison): readonly string[] {
  if (offers.length === 0) return [];
  const flags = offers.map(({ inFile, role }) => `${role}=${inFile}`);
  const once = (values: readonly string[]) => new Set(values).size === values.length;
  const certain = once(offers.map(({ inFile }) => inFile)) && once(offers.map(({ role }) => role));
  return [
    ...offers.map(
      ({ inFile, role }, i) => `  \`${inFile}\` looks like ${meaningOf(role)}: \`--onnx-names ${flags[i]}\``,
    ),
    ...(certain && offers.length > 1 ? [`  all of them: \`--onnx-names ${flags.join(",")}\``] : []),
  ];
}

function namesNote(names: ValueNames): string {
  const pairs = Object.entries(names).map(([inFile, role]) => `${inFile} as ${role}`);
  return `values of the files are taken as others (--onnx-names says so): ${pairs.join(", ")}`;
}

/** Returns the names of files as a sentence lists them. */
function listed(files: readonly string[]): string {
  const names = files.map((file) => basename(file));
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
