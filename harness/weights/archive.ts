/** Opens a file of weights, whatever its form: its tensors by name, each read when it is asked for. */

import { HarnessError, unknown } from "../errors.ts";
import type { TensorDtype } from "./elements.ts";
import { foreignFile } from "./foreign.ts";
import { readLegacyTorch } from "./legacy.ts";
import { readSafetensors } from "./safetensors.ts";
import { type ByteSource, fileSource, readBytes } from "./source.ts";
import type { StateDict } from "./stateDict.ts";
import { readFloat32, readFloat64, type StridedTensor } from "./strided.ts";
import { readTorchZip } from "./torch.ts";

export type ArchiveFormat = "zip" | "legacy" | "safetensors";

export interface StoredTensor {
  readonly name: string;
  readonly dtype: TensorDtype;
  readonly dims: readonly number[];
  /** Only where the file says so; most state dicts keep parameters and buffers alike. */
  readonly parameter?: true;
}

export interface TensorArchive {
  readonly file: string;
  readonly format: ArchiveFormat;
  /** Where in the file the state dict was, for people: "", "model", "module.", "model / module.". */
  readonly nesting: string;
  /** In the file's order; names without the `module.` of DataParallel. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Row-major, converted to float32, in a fresh array. */
  read(name: string): Float32Array<ArrayBuffer>;
  /** Row-major, without loss as far as a double holds; booleans are 0 and 1. */
  values(name: string): Float64Array<ArrayBuffer>;
  close(): void;
}

export interface ArchiveOptions {
  /** Classes (`module.name`) that a pickle may name besides those of state dicts: for files that hold whole modules. */
  readonly inert?: readonly string[];
}

/**
 * Reads names, types and shapes; no weight yet. Nothing in the file is ever run.
 * Throws HarnessError for a file that is missing, damaged, foreign, or would run code in PyTorch.
 */
export async function openTensorArchive(file: string, options: ArchiveOptions = {}): Promise<TensorArchive> {
  const source = fileSource(file);
  try {
    return await readTensorArchive(source, options);
  } catch (error) {
    source.close();
    throw error;
  }
}

/** As openTensorArchive, for bytes that need not be a file. The archive closes the source. */
export async function readTensorArchive(source: ByteSource, options: ArchiveOptions = {}): Promise<TensorArchive> {
  const format = formatOf(source);
  const { nesting, tensors } = await readTensors(source, format, options.inert ?? []);
  const tensorOf = (name: string): StridedTensor => {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw unknown("weight", name, [...tensors.keys()].slice(0, 20));
    return tensor;
  };
  return {
    file: source.label,
    format,
    nesting,
    tensors: new Map([...tensors].map(([name, tensor]) => [name, described(name, tensor)])),
    read: (name) => readFloat32(tensorOf(name)),
    values: (name) => readFloat64(tensorOf(name)),
    close: () => source.close(),
  };
}

async function readTensors(
  source: ByteSource,
  format: ArchiveFormat,
  inert: readonly string[],
): Promise<StateDict<StridedTensor>> {
  if (format === "safetensors") return readSafetensors(source);
  return format === "zip" ? await readTorchZip(source, inert) : readLegacyTorch(source, inert);
}

/** By content; the name decides only where the content can not. */
function formatOf(source: ByteSource): ArchiveFormat {
  if (source.size === 0) {
    throw new HarnessError(`${source.label}: the file is empty`, { hint: "download or copy it again" });
  }
  const head = Buffer.from(readBytes(source, 0, Math.min(source.size, 32)));
  if (head.subarray(0, 2).equals(Buffer.from("PK"))) return "zip";
  // PROTO of protocol 2 and later; torch.save's magic number as protocol 0 and 1 write it.
  if (head[0] === 0x80 || head.toString("latin1").startsWith("L119547037146038801333356")) return "legacy";
  if (head[8] === "{".charCodeAt(0) || /\.safetensors$/i.test(source.label)) return "safetensors";
  throw foreignFile(source);
}

function described(name: string, { dtype, dims, parameter }: StridedTensor): StoredTensor {
  return { name, dtype, dims, ...(parameter ? { parameter } : {}) };
}
