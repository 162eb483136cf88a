/**
 * PyTorch's zip form (since 1.6): `<name>/data.pkl` and one entry a storage, `<name>/data/<key>`, stored and aligned.
 * Bytes are read by their offset in the file, when they are needed.
 */

import { inflateRawSync } from "node:zlib";
import { HarnessError } from "../../errors.ts";
import { damaged, printable } from "../damage.ts";
import { budgetOf } from "../pickle/budget.ts";
import { cursorOver } from "../pickle/cursor.ts";
import { storageOf } from "../pickle/persistent.ts";
import { unpickle } from "../pickle/pickle.ts";
import type { PickleStorage } from "../pickle/pickleValue.ts";
import { type ByteSource, memorySource, readBytes } from "../source.ts";
import type { Region, StridedTensor } from "../strided.ts";
import type { UnreadableTensor } from "../unreadable.ts";
import { rebuildTensors } from "./rebuild.ts";
import { findStateDict, type StateDict } from "./stateDict.ts";
import { brokenEntry, entryStart, type ZipDirectory, type ZipEntry, zipDirectory } from "./zip.ts";

/** PyTorch's files have a few thousand at most. */
const mostEntries = 50_000;
/** Weights hardly shrink, so an entry that claims more of a small file is a bomb; small zero tensors do shrink. */
const mostInflation = 4;
const alwaysInflated = 4 * 1024 * 1024;

/** Throws HarnessError for a zip that is damaged, or is no state dict. */
export async function readTorchZip(
  source: ByteSource,
  inert: readonly string[],
): Promise<StateDict<StridedTensor | UnreadableTensor>> {
  const { label } = source;
  const budget = budgetOf(label, source.size);
  const directory = await zipDirectory(source, mostEntries);
  const root = rootOf(directory, label);
  const order = byteOrder(source, directory.get(`${root}/byteorder`));
  const pickle = openEntry(source, directory.get(`${root}/data.pkl`)!, "little");
  const cursor = cursorOver(pickle.source, pickle.start, pickle.start + pickle.length, "data.pkl");
  const state = findStateDict(unpickle(cursor, { label, budget, inert, persistent: (id) => storageOf(id, label) }), {
    label,
    budget,
  });
  const regions = new Map<string, Region>();
  const find = ({ key }: PickleStorage): Region => {
    const known = regions.get(key);
    if (known !== undefined) return known;
    const entry = directory.get(`${root}/data/${key}`);
    if (entry === undefined) {
      throw damaged(`${label}: storage ${printable(key)} is missing from the zip`);
    }
    const region = openEntry(source, entry, order);
    regions.set(key, region);
    return region;
  };
  return rebuildTensors(state, { label, budget, find });
}

/** Returns the one folder with a data.pkl. Throws HarnessError that says what the zip is instead, where that can be told. */
function rootOf(directory: ZipDirectory, label: string): string {
  const names = [...directory.keys()];
  const roots = names.filter((name) => /^[^/]+\/data\.pkl$/.test(name)).map((name) => name.split("/")[0]!);
  const [root] = roots;
  if (root === undefined) {
    const packed = names.find((name) => /\.(pth?|safetensors)$/.test(name));
    throw new HarnessError(`${label}: the zip is no PyTorch checkpoint`, {
      found: `${names.length} entries${names.length === 0 ? "" : `, such as ${printable(names[0]!)}`}`,
      expected: "an entry data.pkl",
      hint: packed === undefined ? "is this the right file?" : `unzip it and give the path of ${printable(packed)}`,
    });
  }
  if (roots.length > 1) {
    throw new HarnessError(`${label}: the zip holds more than one checkpoint`, {
      found: roots.slice(0, 4).map(printable),
    });
  }
  if (names.some((name) => name === `${root}/constants.pkl` || name.startsWith(`${root}/code/`))) {
    throw new HarnessError(`${label}: is a TorchScript archive, a program with its weights`, {
      expected: "a state dict",
      hint: "load it with torch.jit.load, save its state_dict() with torch.save, and use that file",
    });
  }
  return root;
}

/** Returns the byte order, which is written since PyTorch 2.1. */
function byteOrder(source: ByteSource, entry: ZipEntry | undefined): "little" | "big" {
  if (entry === undefined) return "little";
  const region = openEntry(source, entry, "little");
  const order = Buffer.from(readBytes(region.source, region.start, Math.min(region.length, 16))).toString("latin1");
  if (order === "little" || order === "big") return order;
  throw new HarnessError(`${source.label}: has an unknown byte order`, {
    found: printable(order),
    expected: "little or big",
  });
}

function openEntry(source: ByteSource, entry: ZipEntry, order: "little" | "big"): Region {
  const broken = (problem: string) => brokenEntry(source, entry, problem);
  const start = entryStart(source, entry);
  if (entry.compressionMethod === 0) return { source, start, length: entry.uncompressedSize, order };
  const length = entry.uncompressedSize;
  if (length > Math.max(alwaysInflated, mostInflation * entry.compressedSize)) {
    throw broken(`claims to inflate from ${entry.compressedSize} to ${length} bytes`);
  }
  const inflate = (): Uint8Array => {
    const packed = readBytes(source, start, entry.compressedSize);
    try {
      const bytes = inflateRawSync(packed, { maxOutputLength: Math.max(1, length) });
      if (bytes.length === length) return bytes;
    } catch {
      // Said below: what zlib finds wrong helps nobody.
    }
    throw broken("can not be inflated");
  };
  return { source: inflatedSource(source.label, length, inflate), start: 0, length, order, inflated: true };
}

/** Inflates at the first read and keeps the bytes only as long as memory allows. */
function inflatedSource(label: string, size: number, inflate: () => Uint8Array): ByteSource {
  let cached: WeakRef<Uint8Array> | undefined;
  return {
    label,
    size,
    readInto(target, offset) {
      const bytes = cached?.deref() ?? inflate();
      cached = new WeakRef(bytes);
      memorySource(label, bytes).readInto(target, offset);
    },
    close() {},
  };
}
