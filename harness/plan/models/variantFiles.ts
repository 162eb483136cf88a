import { statSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import type { FileHints, GraphFiles } from "../../api.ts";
import { HarnessError } from "../../errors.ts";
import { graphFilesOf } from "../../onnx/files/graphFiles.ts";
import { readSignature } from "../../onnx/index.ts";
import { sha256 } from "../../store/canonical.ts";
import { sha256OfFile } from "../../store/disk/fileCache.ts";
import type { Manifest } from "../../store/schema.ts";
import { portableFilesIn, requireAsWritten } from "../external/portableFiles.ts";
import { closureHash } from "../plugins/importClosure.ts";
import type { RegisteredVariant, Registry } from "../plugins/registry.ts";

/** Path of the module that decides what goes into the user's graphs and what is made of what comes out. */
const session = fileURLToPath(new URL("../../onnx/index.ts", import.meta.url));

/**
 * Returns the registry with the variants of `--variant-files name=encoder.onnx,decoder.onnx` in it; a folder that `bench onnx`
 * wrote stands for the files in it. Only what the files declare is read. Throws HarnessError where a name is taken, files have no
 * layout that is known, or those of such a folder are not as they were written.
 */
export async function withVariantFiles(
  registry: Registry,
  pieces: readonly string[],
  hints: FileHints = {},
): Promise<Registry> {
  if (pieces.length === 0) return registry;
  const variants = new Map(registry.variants);
  const named = namedFiles(pieces);
  requireValues(
    hints,
    named.flatMap(({ files }) => files),
  );
  for (const { name, files } of named) {
    if (variants.has(name))
      throw new HarnessError(`--variant-files: the id ${name} is taken`, { hint: "give the files another name" });
    variants.set(name, await recognised(registry, { name, files }, hints));
  }
  return { ...registry, variants };
}

/** Throws HarnessError for a name of `--onnx-names` that no value of the files has. */
function requireValues({ names = {} }: FileHints, files: readonly string[]): void {
  const given = Object.entries(names);
  if (given.length === 0) return;
  const values = files.map(readSignature).flatMap(({ inputs, outputs }) => [...inputs, ...outputs]);
  const own = new Set(values.map(({ name }) => name));
  const missing = given.find(([inFile]) => !own.has(inFile));
  if (missing === undefined) return;
  const [inFile, role] = missing;
  throw new HarnessError(`--onnx-names ${role}=${inFile}: no file has a value of that name`, {
    found: [...own].join(", "),
    hint: `bench inspect ${files[0]!} lists the values of a file`,
  });
}

async function recognised(
  registry: Registry,
  { name, files }: NamedFiles,
  hints: FileHints,
): Promise<RegisteredVariant> {
  for (const method of registry.methods) {
    // A path out of the folder is refused before anything opens the graph.
    for (const file of files) graphFilesOf(file);
    const found = await method.plugin.recognise?.(name, files.map(readSignature), hints);
    if (found === undefined) continue;
    await requireAsWritten(Object.values(found.files));
    return { ...method, preset: found.preset, files: found.files };
  }
  throw new Error("no plug-in takes ONNX files");
}

/** Returns the pieces that name this variant: its worker knows the plug-in that takes its files, and no other. */
export function variantFilesOf(name: string, pieces: readonly string[]): readonly string[] {
  return namedFiles(pieces)
    .filter((each) => each.name === name)
    .map(({ files }) => `${name}=${files.join(",")}`);
}

interface NamedFiles {
  readonly name: string;
  readonly files: readonly string[];
}

/**
 * Reads the option, a list with commas in which each variant is a list with commas too: a piece without a name belongs to the
 * variant before it.
 */
function namedFiles(pieces: readonly string[]): readonly NamedFiles[] {
  const named: { name: string; files: string[] }[] = [];
  for (const piece of pieces.flatMap((each) => each.split(","))) {
    const at = piece.indexOf("=");
    if (at > 0) named.push({ name: piece.slice(0, at), files: [piece.slice(at + 1)] });
    else named.at(-1)?.files.push(piece);
  }
  const wrong = named.find(({ name, files }) => !/^[\w][\w.+-]*$/.test(name) || files.some((file) => file === ""));
  if (named.length > 0 && wrong === undefined && pieces[0]!.includes("="))
    return named.map(({ name, files }) => ({ name, files: files.flatMap(portableFilesIn) }));
  throw new HarnessError("--variant-files: a name and its files are needed", {
    found: pieces.join(","),
    expected: "NAME=ENCODER.onnx,DECODER.onnx or NAME=FOLDER, the name of letters, digits and dashes",
  });
}

export interface GivenGraphs {
  readonly files: GraphFiles;
  /** The hash of each graph covers its file, the files with its tensors, and the code that feeds it. */
  readonly hashes: Readonly<Record<string, string>>;
  readonly weights: Manifest["weights"];
  /** Counts of what is stored in the files; what the graphs compute is not counted. */
  readonly graphs: NonNullable<Manifest["graphs"]>;
  /** Element types, weights and size, as the row says them. */
  readonly notes: readonly string[];
}

/**
 * Returns what the record of a run says of the user's files: hashes of all bytes, names without folders. `plugin` is the module
 * that feeds the files.
 */
export async function givenGraphs(files: GraphFiles, plugin: string): Promise<GivenGraphs> {
  const sources = `${closureHash(session)} ${closureHash(plugin)}`;
  const parts = await Promise.all(
    Object.entries(files).map(async ([graph, file]) => ({ graph, hashed: await hashedFiles(file) })),
  );
  const all = parts.flatMap(({ hashed }) => hashed);
  const digest = (texts: readonly string[]) => sha256(texts.join(" "));
  const stored = storedIn(Object.values(files));
  const fileBytes = Object.values(files).reduce((sum, file) => sum + graphBytes(file), 0);
  const named = all.map(({ name }) => name).join(", ");
  return {
    files,
    hashes: Object.fromEntries(
      parts.map(({ graph, hashed }) => [graph, digest([...hashed.map((each) => each.sha256), sources])]),
    ),
    graphs: { parameters: storedWeights(stored), constants: sumOf(stored), constantBytes: fileBytes, fileBytes },
    notes: [storedNote(stored, fileBytes, all.length)],
    weights: { source: "onnx", label: named, files: all, sha256: digest(all.map((each) => each.sha256)) },
  };
}

/** Counts the elements of all stored tensors by type, the most frequent first. */
function storedIn(files: readonly string[]): ReadonlyMap<string, number> {
  const stored = new Map<string, number>();
  for (const file of files)
    for (const [type, elements] of Object.entries(readSignature(file).body?.stored ?? {}))
      stored.set(type, (stored.get(type) ?? 0) + elements);
  return new Map([...stored].sort(([, a], [, b]) => b - a));
}

/** Counts the weights, quantised or not. Shapes and indices are whole numbers of 32 and 64 bits, and are left out. */
function storedWeights(stored: ReadonlyMap<string, number>): number {
  return sumOf(new Map([...stored].filter(([type]) => !/^(u?int(32|64)|bool|string)$/.test(type))));
}

function sumOf(stored: ReadonlyMap<string, number>): number {
  return [...stored.values()].reduce((sum, elements) => sum + elements, 0);
}

function storedNote(stored: ReadonlyMap<string, number>, bytes: number, files: number): string {
  const types = [...stored].map(([type, elements]) => `${type} ${elements.toLocaleString("en-US")}`);
  return `onnx: stored elements by type: ${types.join(", ")}; ${(bytes / 1e6).toFixed(1)} MB in ${files} files`;
}

/** Returns a graph's file and the files beside it that hold its tensors, each with its hash. */
async function hashedFiles(file: string): Promise<{ readonly name: string; readonly sha256: string }[]> {
  const hashed = [];
  for (const each of graphFilesOf(file)) hashed.push({ name: basename(each), sha256: await sha256OfFile(each) });
  return hashed;
}

/** Returns the bytes of a graph, with the tensors that lie in files of their own. */
export function graphBytes(file: string): number {
  return graphFilesOf(file).reduce((sum, each) => sum + statSync(each).size, 0);
}
