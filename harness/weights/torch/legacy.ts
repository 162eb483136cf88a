/**
 * PyTorch's form before 1.6: five pickles one after another (magic number, protocol, system, object, storage keys),
 * then each storage as a count of elements and its bytes, always little-endian. Source: torch/serialization.py.
 */

import { HarnessError } from "../../errors.ts";
import { damaged, printable } from "../damage.ts";
import { budgetOf } from "../pickle/budget.ts";
import { type Cursor, cursorOver } from "../pickle/cursor.ts";
import type { PickleOptions } from "../pickle/machine.ts";
import { storageOf } from "../pickle/persistent.ts";
import { unpickle } from "../pickle/pickle.ts";
import { isKind, type PickleStorage, type PickleValue } from "../pickle/pickleValue.ts";
import type { ByteSource } from "../source.ts";
import type { Region, StridedTensor } from "../strided.ts";
import type { UnreadableTensor } from "../unreadable.ts";
import { rebuildTensors } from "./rebuild.ts";
import { findStateDict, type StateDict } from "./stateDict.ts";
import { storageWidth } from "./storageTypes.ts";

const magicNumber = 0x1950a86a20f9469cfc6cn;
const protocolVersion = 1001;

/** Throws HarnessError for a pickle that torch.save did not write, and for damage. */
export function readLegacyTorch(
  source: ByteSource,
  inert: readonly string[],
): StateDict<StridedTensor | UnreadableTensor> {
  const { label, size } = source;
  const budget = budgetOf(label, size);
  const cursor = cursorOver(source, 0, size, "the pickle");
  const plain = { label, budget };
  readPreamble(cursor, { ...plain, inert });
  const storages = new Map<string, PickleStorage>();
  const persistent = (id: PickleValue): PickleValue => {
    const storage = storageOf(id, label);
    if (isKind(storage, "storage") && !storages.has(storage.key)) storages.set(storage.key, storage);
    return storage;
  };
  const root = unpickle(cursor, { ...plain, inert, persistent });
  const regions = readRegions(source, cursor, storages, unpickle(cursor, plain));
  const state = findStateDict(root, { label, budget });
  const find = ({ key }: PickleStorage): Region => {
    const region = regions.get(key);
    if (region === undefined) throw missing(label, key);
    return region;
  };
  return rebuildTensors(state, { label, budget, find });
}

/** A pickle whose first value is something else is refused by the globals it names, if it names any. */
function readPreamble(cursor: Cursor, options: PickleOptions): void {
  const { label } = options;
  const magic = unpickle(cursor, options);
  if (magic !== magicNumber) {
    throw new HarnessError(`${label}: is a Python pickle, but not one that torch.save wrote`, {
      hint: "save the state dict with torch.save",
    });
  }
  const version = unpickle(cursor, options);
  if (version !== protocolVersion) {
    throw new HarnessError(`${label}: has an unknown version of PyTorch's legacy form`, {
      found: typeof version === "number" ? version : "no number",
      expected: protocolVersion,
      hint: "load it with PyTorch and save it again",
    });
  }
  unpickle(cursor, options); // byte order and C's type sizes, which no reader of the format needs
}

/** Storages lie in the order of `keys`; each must be known by its type, or the next one's place would be a guess. */
function readRegions(
  source: ByteSource,
  cursor: Cursor,
  storages: ReadonlyMap<string, PickleStorage>,
  keys: PickleValue,
): ReadonlyMap<string, Region> {
  const { label } = source;
  const regions = new Map<string, Region>();
  for (const item of isKind(keys, "list") ? keys.items : []) {
    const key = String(item);
    const storage = typeof item === "object" ? undefined : storages.get(key);
    const width = storage === undefined ? undefined : storageWidth(storage.className);
    if (storage === undefined || regions.has(key)) throw missing(label, key);
    if (width === undefined) throw unreadable(label, storage);
    const count = cursor.u64();
    const length = count * width;
    if (length > source.size - cursor.position) {
      throw damaged(`${label}: the file is cut off in storage ${printable(key)}`, {
        found: `${source.size} bytes`,
        expected: `at least ${cursor.position + length} bytes`,
      });
    }
    regions.set(key, { source, start: cursor.position, length, order: "little" });
    cursor.skip(length);
  }
  return regions;
}

function missing(label: string, key: string): HarnessError {
  return damaged(`${label}: storage ${printable(key)} is missing or there twice`);
}

function unreadable(label: string, { key, className }: PickleStorage): HarnessError {
  return new HarnessError(`${label}: storage ${printable(key)} has an element type that is not read`, {
    found: printable(className),
    hint: "convert the weights to float32 before saving them",
  });
}
