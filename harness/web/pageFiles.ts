import { createReadStream, statSync } from "node:fs";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { runtimeFolder } from "./browser.ts";

/** A page is served files, ranges of files, and bytes. */
export type PageFile = string | FileRange | Uint8Array;

export interface FileRange {
  readonly file: string;
  /** Place of the first byte. */
  readonly start: number;
  readonly bytes: number;
}

/** Holds what a page is served, by the path behind the page's address. */
export type PageFiles = ReadonlyMap<string, PageFile>;

/** Names the runtime's script and its WebAssembly for each engine, without their endings. */
const runtimeNames = { wasm: "ort-wasm-simd-threaded", webgpu: "ort-wasm-simd-threaded.asyncify" } as const;

/** Paths in the page's address. The page's worker looks for them by these names. */
export const pagePaths = {
  start: "start.js",
  worker: "worker.js",
  runtime: "ort/",
  graphs: "graphs/",
  questions: "questions",
} as const;

/** Starts the worker, which counts from the moment at which the page was asked for, and says when it can not be loaded. */
export const startScript = `const worker = new Worker("${pagePaths.worker}", { type: "module", name: String(performance.timeOrigin) });
worker.onerror = (event) => void fetch("failed", { method: "POST", body: event.message || "its script does not load" });
`;

export const pageText = `<!doctype html><meta charset="utf-8"><title>sam-bench</title><script src="${pagePaths.start}"></script>\n`;

/** Returns the runtime's files by their paths. Throws HarnessError where it is not installed. */
export function runtimeFiles(engine: keyof typeof runtimeNames): PageFiles {
  const folder = runtimeFolder();
  const files = [`${runtimeNames[engine]}.mjs`, `${runtimeNames[engine]}.wasm`];
  return new Map(files.map((name) => [`${pagePaths.runtime}${name}`, join(folder, name)]));
}

/**
 * Returns the path of a graph's file in the folder of a page's graphs; each graph has a folder, since tensors beside it are looked for
 * by their names.
 */
export function graphPath(graph: string, file: string, folder: string = pagePaths.graphs): string {
  return `${folder}${graph}/${basename(file)}`;
}

/** Returns the bytes that a page is served for a file. */
export function sizeOf(file: PageFile): number {
  if (typeof file === "string") return statSync(file).size;
  return file instanceof Uint8Array ? file.length : file.bytes;
}

/** Reads what a page is served for a file. */
export function streamOf(file: PageFile): Readable {
  if (typeof file === "string") return createReadStream(file);
  if (file instanceof Uint8Array) return Readable.from([file]);
  return createReadStream(file.file, { start: file.start, end: file.start + file.bytes - 1 });
}
