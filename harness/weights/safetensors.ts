/**
 * safetensors: 8 bytes of header length, a JSON header with each tensor's type, shape and place, then the bytes.
 * The checks are those of the reference reader: no overlap, no hole, nothing twice.
 * Source: safetensors/src/tensor.rs of huggingface/safetensors.
 */

import { HarnessError } from "../errors.ts";
import { damaged, printable } from "./damage.ts";
import { elementBytes, type TensorDtype } from "./elements.ts";
import { type ByteSource, readBytes } from "./source.ts";
import { checkTensor, contiguousStrides, elementCount, type StridedTensor } from "./strided.ts";
import { type StateDict, stripPrefixes } from "./torch/stateDict.ts";
import { type UnreadableTensor, unreadableTensor } from "./unreadable.ts";

/** Bytes. The format allows 100 MB, which could ask for gigabytes once parsed; the largest SAM needs 0.1 MB. */
const longestHeader = 2 * 1024 * 1024;

const dtypes: ReadonlyMap<unknown, TensorDtype> = new Map([
  ["F32", "float32"],
  ["F64", "float64"],
  ["F16", "float16"],
  ["BF16", "bfloat16"],
  ["I64", "int64"],
  ["I32", "int32"],
  ["I16", "int16"],
  ["I8", "int8"],
  ["U64", "uint64"],
  ["U32", "uint32"],
  ["U16", "uint16"],
  ["U8", "uint8"],
  ["BOOL", "bool"],
]);

/** A tensor's bytes, counted from the end of the header. */
interface Placed {
  readonly tensor: StridedTensor | UnreadableTensor;
  readonly begin: number;
  readonly end: number;
}

/** Tensors do not overlap, so that their elements need no budget. */
export function readSafetensors(source: ByteSource): StateDict<StridedTensor | UnreadableTensor> {
  const { header, dataStart } = readHeader(source);
  const placed = Object.entries(header)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, entry]) => placeTensor(name, entry, source, dataStart));
  checkPlaces(placed, source.size - dataStart, source.label);
  if (placed.length === 0) {
    throw new HarnessError(`${source.label}: holds no tensors`, { hint: "is this the right file?" });
  }
  return stripPrefixes({ nesting: "", tensors: new Map(placed.map(({ tensor }) => [tensor.name, tensor])) });
}

function readHeader(source: ByteSource): { header: Record<string, unknown>; dataStart: number } {
  const { label, size } = source;
  const length = size < 8 ? 0 : Number(new DataView(readBytes(source, 0, 8).buffer).getBigUint64(0, true));
  if (size < 8 || length > size - 8) {
    throw damaged(`${label}: the safetensors header does not fit in the file`, {
      found: `${size} bytes, a header of ${length}`,
      expected: `at most ${Math.max(0, size - 8)} bytes of header`,
    });
  }
  if (length > longestHeader) {
    throw new HarnessError(`${label}: the safetensors header is too long`, {
      found: `${length} bytes`,
      expected: `at most ${longestHeader} bytes`,
      hint: "is this the checkpoint of a SAM variant?",
    });
  }
  const header = parseHeader(readBytes(source, 8, length), label);
  return { header, dataStart: 8 + length };
}

function parseHeader(bytes: Uint8Array, label: string): Record<string, unknown> {
  const broken = (problem: string, cause?: unknown) =>
    damaged(`${label}: the safetensors header ${problem}`, { cause });
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (cause) {
    throw broken("is not JSON", cause);
  }
  if (typeof header !== "object" || header === null || Array.isArray(header)) throw broken("is not a JSON object");
  const twice = repeatedKey(text);
  if (twice !== undefined) throw broken(`names ${printable(twice)} twice`);
  return header as Record<string, unknown>;
}

/** JSON.parse keeps the last of two equal keys and says nothing. Walks JSON that is known to be sound. */
function repeatedKey(text: string): string | undefined {
  const keys: Set<string>[] = [];
  for (const [token] of text.matchAll(/[{}]|"(?:[^"\\]|\\.)*"(?:\s*:)?/g)) {
    if (token === "{") keys.push(new Set());
    else if (token === "}") keys.pop();
    else if (token.endsWith(":")) {
      const key = JSON.parse(token.slice(0, token.lastIndexOf('"') + 1)) as string;
      if (keys.at(-1)?.has(key)) return key;
      keys.at(-1)?.add(key);
    }
  }
  return undefined;
}

function placeTensor(name: string, entry: unknown, source: ByteSource, dataStart: number): Placed {
  const subject = `${source.label}: weight ${printable(name)}`;
  const { dtype: code, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  const dims = counts(shape);
  const [begin, end, ...rest] = counts(offsets) ?? [];
  if (dims === undefined || begin === undefined || end === undefined || rest.length > 0 || begin > end) {
    throw damaged(`${subject} has an impossible shape or place`, {
      found: `shape ${described(shape)}, data_offsets ${described(offsets)}`,
    });
  }
  if (end > source.size - dataStart) {
    throw damaged(`${subject} reaches behind the end of the file`, {
      found: `${source.size} bytes`,
      expected: `at least ${dataStart + end} bytes`,
    });
  }
  const dtype = dtypes.get(code);
  if (dtype === undefined) {
    if (typeof code !== "string") throw damaged(`${subject} has no element type`);
    return { tensor: unreadableTensor(name, code, dims), begin, end };
  }
  if (end - begin !== elementCount(dims) * elementBytes[dtype]) {
    throw damaged(`${subject} has another size than its shape`, {
      found: `${end - begin} bytes`,
      expected: `${elementCount(dims) * elementBytes[dtype]} bytes`,
    });
  }
  const region = { source, start: dataStart + begin, length: end - begin, order: "little" } as const;
  const tensor = { name, dtype, dims, strides: contiguousStrides(dims), offset: 0, region };
  checkTensor(tensor, source.label);
  return { tensor, begin, end };
}

/**
 * Throws HarnessError for tensors in other places than the reference allows: each begins where the one before it ends, and the
 * last ends with the file.
 */
function checkPlaces(placed: readonly Placed[], dataBytes: number, label: string): void {
  let reached = 0;
  for (const { tensor, begin, end } of [...placed].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== reached) {
      const problem = begin < reached ? "overlaps another weight" : "lies behind a hole";
      throw damaged(`${label}: weight ${printable(tensor.name)} ${problem}`, {
        found: `byte ${begin}`,
        expected: `byte ${reached}`,
      });
    }
    reached = end;
  }
  if (reached === dataBytes) return;
  throw damaged(`${label}: there are bytes that belong to no weight`, {
    found: `${dataBytes} bytes`,
    expected: `${reached} bytes`,
  });
}

/** Returns a value in words. It does without JSON.stringify, which gives up where a list is nested some thousand times. */
function described(value: unknown): string {
  if (!Array.isArray(value)) return printable(typeof value === "object" ? "no list" : String(value));
  const items = value.slice(0, 8).map((item) => (typeof item === "object" ? "…" : String(item)));
  return printable(`[${items.join(",")}${value.length > 8 ? ",…" : ""}]`);
}

function counts(value: unknown): number[] | undefined {
  if (!Array.isArray(value) || value.length > 64) return undefined;
  const numbers = value.filter((item): item is number => Number.isSafeInteger(item) && item >= 0);
  return numbers.length === value.length ? numbers : undefined;
}
