import { basename } from "node:path";
import type { EncoderInput, GraphSignature, RecognisedFiles } from "../../harness/api.ts";
import { HarnessError } from "../../harness/errors.ts";
import { comparisonOf } from "./comparison.ts";
import { requireSameDims } from "./dimensions.ts";
import type { Layout, Pair } from "./layout.ts";
import { layouts } from "./layouts.ts";

/**
 * Finds which file is the encoder, and makes the manifest of the two as a variant of that name. Throws HarnessError for others.
 */
export async function recognise(
  name: string,
  graphs: readonly GraphSignature[],
  input?: EncoderInput,
): Promise<RecognisedFiles> {
  if (graphs.length !== 2)
    throw new HarnessError(`${name}: two ONNX files are needed`, {
      found: graphs.map(({ file }) => basename(file)).join(", "),
      expected: "an encoder and a decoder",
      hint: `--variant-files ${name}=ENCODER.onnx,DECODER.onnx`,
    });
  const { layout, pair } = layoutOf(name, graphs as readonly [GraphSignature, GraphSignature]);
  for (const given of pair.encoder.outputs) {
    const taken = pair.decoder.inputs.find((input) => input.name === given.name);
    if (taken !== undefined) requireSameDims(pair, given, taken);
  }
  if (input !== undefined && layout.takesEither !== true)
    throw new HarnessError(`${name}: --input says nothing of these files`, {
      found: layout.title,
      hint: "what their encoder takes is known; leave --input out",
    });
  const { notes, ...traits } = await layout.describe(pair, input);
  const files = { encoder: pair.encoder.file, decoder: pair.decoder.file };
  const taken = `${basename(files.encoder)} and ${basename(files.decoder)}, taken as: ${layout.title}`;
  const preset = {
    id: name,
    title: `ONNX files: ${layout.title}`,
    size: "full" as const,
    ...traits,
    paper: { title: "ONNX files of the user's own" },
    notes: [taken, ...notes],
  };
  return { preset, files };
}

/** Returns the first layout that both files have, in either order. Throws HarnessError that lists them name by name. */
export function layoutOf(
  name: string,
  [first, second]: readonly [GraphSignature, GraphSignature],
): { readonly layout: Layout; readonly pair: Pair } {
  const tried = layouts.flatMap((layout) =>
    [
      { encoder: first, decoder: second },
      { encoder: second, decoder: first },
    ].map((pair) => ({ layout, pair, lines: comparisonOf(layout, pair) })),
  );
  const faultless = tried.find(({ lines }) => lines.every(({ faults }) => faults === 0));
  if (faultless !== undefined) return faultless;
  const distance = ({ lines }: (typeof tried)[number]) =>
    lines.reduce((sum, { faults, known }) => sum + faults - (known ? 1 : 0), 0);
  const nearest = tried.reduce((best, each) => (distance(each) < distance(best) ? each : best));
  const half = nearest.lines.some(({ text }) => text.includes("float16"));
  throw new HarnessError(`${name}: no layout of ONNX files that is known`, {
    found: `${basename(first.file)} and ${basename(second.file)}`,
    hint: [
      `the nearest is ${nearest.layout.title}:`,
      ...nearest.lines.map(({ text }) => `    ${text}`),
      ...(half ? ["  half precision is not run here: export in float32 (the file without _fp16)"] : []),
      `  known: ${layouts.map(({ title }) => title).join("; ")}`,
    ].join("\n"),
  });
}
