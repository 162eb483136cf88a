import type { DeclaredValue, GraphSignature } from "../../../api.ts";
import type { Fit, Misfit } from "../../../build/weights/misfit.ts";
import { contentsOf, parameterCount } from "../../../weights/contents.ts";
import type { TensorArchive } from "../../../weights/index.ts";
import { plainTable } from "../plainTable.ts";

/** Writes the inputs and outputs of a graph, by which `bench run --variant-files` tells layouts apart. */
export function signatureText({ file, inputs, outputs, externalFiles }: GraphSignature): string {
  const rows = (kind: string, values: readonly DeclaredValue[]) =>
    values.map(({ name, type, dims }) => [kind, name, type, dims === undefined ? "open" : `[${dims.join(", ")}]`]);
  return [
    `file     ${file}`,
    "format   ONNX",
    `weights  ${externalFiles.length === 0 ? "in it" : `in ${externalFiles.join(", ")}`}`,
    "",
    plainTable(["", "name", "type", "shape"], [...rows("input", inputs), ...rows("output", outputs)]),
  ].join("\n");
}

/**
 * Writes the head of a checkpoint file, its tensors where they are asked for, what keeps it from fitting the nearest variant, and
 * last the variant that it fits: a reader sees the end of a long text first.
 */
export function checkpointText(archive: TensorArchive, fit: Fit, listed?: "tensors"): string {
  const { nearest } = fit;
  const tensors = [...archive.tensors.values()];
  const head = [
    `file        ${archive.file}`,
    `format      ${archive.format}`,
    `nesting     ${archive.nesting === "" ? "none" : archive.nesting}`,
    `tensors     ${tensors.length}`,
    `parameters  ${parameterCount(tensors).toLocaleString("en-US")}`,
  ].join("\n");
  const misfit = nearest === undefined ? [] : [misfitTable(nearest)];
  const table = plainTable(
    ["tensor", "dtype", "shape"],
    tensors.map(({ name, dtype, dims }) => [name, dtype, `[${dims.join(", ")}]`]),
  );
  const verdict = `variant     ${verdictOf(archive.file, fit)}`;
  return [head, ...(listed === "tensors" ? [table] : []), ...misfit, verdict].join("\n\n");
}

/** Returns the value that `bench inspect FILE --json` prints. */
export function checkpointJson(archive: TensorArchive, { variant, fitting, byHash, otherForm, nearest }: Fit) {
  return {
    file: archive.file,
    format: archive.format,
    nesting: archive.nesting,
    variant: variant ?? null,
    fitting,
    identifiedByHash: byHash,
    otherForm: otherForm && { problem: otherForm.message, hint: otherForm.hint },
    nearest,
    parameters: parameterCount(archive.tensors.values()),
    tensors: contentsOf(archive),
  };
}

function verdictOf(file: string, { fitting, variant, byHash, otherForm, nearest }: Fit): string {
  if (otherForm !== undefined) return `none: it ${otherForm.message.replace(`${file}: `, "")}; ${otherForm.hint}`;
  if (fitting.length === 0) return fitsNone(nearest);
  if (variant === undefined) {
    const ways = fitting.map((id) => `--checkpoint ${id}=${file}`);
    return `${fitting.join(" or ")}, whose tensors have the same names and shapes; say which: ${ways.join(" or ")}`;
  }
  const others = fitting.filter((id) => id !== variant);
  return byHash ? `${variant}, by its sha256; by names and shapes it fits ${others.join(" and ")}, too` : variant;
}

function fitsNone(nearest: Misfit | undefined): string {
  if (nearest === undefined) return "fits none that is known";
  const { variant, missing, extra, misshaped } = nearest;
  return `fits none that is known; the nearest is ${variant}: ${missing.length} missing, ${extra.length} extra, ${misshaped.length} of another shape`;
}

function misfitTable({ variant, missing, extra, misshaped }: Misfit): string {
  const shape = (dims: readonly number[]) => `[${dims.join(", ")}]`;
  return plainTable(
    [`not ${variant}`, "tensor", "found", "expected"],
    [
      ...missing.map(({ name, expected }) => ["missing", name, "", shape(expected)]),
      ...extra.map(({ name, found }) => ["extra", name, shape(found), ""]),
      ...misshaped.map(({ name, found, expected }) => ["shape", name, shape(found), shape(expected)]),
    ],
  );
}
