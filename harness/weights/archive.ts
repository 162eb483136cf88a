/** This file opens weights of any form: it gives their tensors by name, each read when it is asked for. */

import { HarnessError, unknown } from "../errors.ts";
import { foreignFile } from "./foreign.ts";
import { readSafetensors } from "./safetensors.ts";
import { type ByteSource, fileSource, readBytes } from "./source.ts";
import { readFloat32, readFloat64, type StridedTensor } from "./strided.ts";
import { readLegacyTorch } from "./torch/legacy.ts";
import type { StateDict } from "./torch/stateDict.ts";
import { readTorchZip } from "./torch/torch.ts";
import { isReadable, notRead, type UnreadableTensor } from "./unreadable.ts";

export type ArchiveFormat = "zip" | "legacy" | "safetensors";

export interface StoredTensor {
  readonly name: string;
  /** PyTorch's name of the element type, or the file's own where it is not read here. */
  readonly dtype: string;
  readonly dims: readonly number[];
  /** Set where values can not be read, because of their element type or layout. Asking for them throws HarnessError. */
  readonly unreadable?: true;
  /** Set where the file says so; most state dicts keep parameters and buffers alike. */
  readonly parameter?: true;
}

export interface TensorArchive {
  readonly file: string;
  readonly format: ArchiveFormat;
  /** Says for people where in the file the state dict was: "", "model", "module.", "model / module.". */
  readonly nesting: string;
  /** The tensors stand in the file's order, under names without the `module.` of DataParallel. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Returns the tensor row-major, converted to float32, in a fresh array. */
  read(name: string): Float32Array<ArrayBuffer>;
  /** Returns the tensor row-major, without loss as far as a double holds; booleans are 0 and 1. */
  values(name: string): Float64Array<ArrayBuffer>;
  close(): void;
}

export interface ArchiveOptions {
  /** Classes (`module.name`) that a pickle may name besides those of state dicts: for files that hold whole modules. */
  readonly inert?: readonly string[];
}

/**
 * Opens a file and reads names, types and shapes; no weight yet. Nothing in the file is ever run. Throws HarnessError for a file
 * that is missing, damaged, foreign, or would run code in PyTorch.
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

/** Opens bytes that need not be a file, as openTensorArchive opens a file. The archive closes the source. */
export async function readTensorArchive(source: ByteSource, options: ArchiveOptions = {}): Promise<TensorArchive> {
  const format = formatOf(source);
  const { nesting, tensors } = await readTensors(source, format, options.inert ?? []);
  const tensorOf = (name: string): StridedTensor => {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw unknown("weight", name, [...tensors.keys()].slice(0, 20));
    if (!isReadable(tensor)) throw notRead(source.label, tensor);
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
): Promise<StateDict<StridedTensor | UnreadableTensor>> {
  if (format === "safetensors") return readSafetensors(source);
  return format === "zip" ? await readTorchZip(source, inert) : readLegacyTorch(source, inert);
}

/** Returns the format, which the content tells; the name decides only where the content can not. */
function formatOf(source: ByteSource): ArchiveFormat {
  if (source.size === 0) {
    throw new HarnessError(`${source.label}: the file is empty`, { hint: "download or copy it again" });
  }
  const head = Buffer.from(readBytes(source, 0, Math.min(source.size, 32)));
  const kind = forms.find(({ matches }) => matches(head))?.format;
  if (kind !== undefined) return kind;
  if (/\.safetensors$/i.test(source.label)) return "safetensors";
  throw foreignFile(source);
}

/**
 * safetensors comes first: its length of header may begin with any two bytes, those of a zip (0x4B50) and of a pickle
 * (0x80) among them. A length below 2^32 before a `{` is neither: a zip's ninth byte is its first entry's packing, 0 or
 * 8, and torch.save's magic number fills the bytes of a pickle that would have to be 0.
 */
const forms: readonly { readonly format: ArchiveFormat; matches(head: Buffer): boolean }[] = [
  {
    format: "safetensors",
    matches: (head) => head.length > 8 && head.readUInt32LE(4) === 0 && head[8] === "{".charCodeAt(0),
  },
  {
    format: "zip",
    matches: (head) => ["PK\x03\x04", "PK\x05\x06", "PK\x07\x08"].includes(head.toString("latin1", 0, 4)),
  },
  // PROTO with a version that pickle has.
  { format: "legacy", matches: (head) => head[0] === 0x80 && head[1]! >= 2 && head[1]! <= 5 },
  // torch.save's magic number as protocol 0 and 1 write it.
  { format: "legacy", matches: (head) => head.toString("latin1").startsWith("L119547037146038801333356") },
];

function described(name: string, tensor: StridedTensor | UnreadableTensor): StoredTensor {
  const { dtype, dims } = tensor;
  if (!isReadable(tensor)) return { name, dtype, dims, unreadable: true };
  return tensor.parameter ? { name, dtype, dims, parameter: true } : { name, dtype, dims };
}
