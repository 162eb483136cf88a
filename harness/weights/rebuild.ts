/** Turns the records by which torch.save writes tensors into views of storages. Source: torch/_utils.py. */

import { HarnessError } from "../errors.ts";
import { damaged, printable } from "./damage.ts";
import { elementBytes, type TensorDtype } from "./elements.ts";
import {
  describeKind,
  isKind,
  isRecord,
  type PickleRecord,
  type PickleStorage,
  type PickleValue,
} from "./pickleValue.ts";
import { checkTensor, type Region, type StridedTensor } from "./strided.ts";

/** Where a storage's bytes lie. Throws HarnessError where they do not. */
export type FindRegion = (storage: PickleStorage) => Region;

const storageDtypes: Readonly<Record<string, TensorDtype>> = {
  FloatStorage: "float32",
  DoubleStorage: "float64",
  HalfStorage: "float16",
  BFloat16Storage: "bfloat16",
  LongStorage: "int64",
  IntStorage: "int32",
  ShortStorage: "int16",
  CharStorage: "int8",
  ByteStorage: "uint8",
  BoolStorage: "bool",
};

/** Bytes an element of storages whose tensors are not read, but whose room in a legacy file must be known. */
const otherWidths: Readonly<Record<string, number>> = {
  UntypedStorage: 1,
  ComplexFloatStorage: 8,
  ComplexDoubleStorage: 16,
  QInt8Storage: 1,
  QUInt8Storage: 1,
  QInt32Storage: 4,
};

/** Nothing for a class that is no typed storage that is read here (quantized, complex, 8-bit floats). */
export function storageDtype(className: string): TensorDtype | undefined {
  const name = simpleName(className);
  return Object.hasOwn(storageDtypes, name) ? storageDtypes[name] : undefined;
}

/** Bytes an element; nothing for a class that no torch.save writes. */
export function storageWidth(className: string): number | undefined {
  const [name, dtype] = [simpleName(className), storageDtype(className)];
  if (dtype !== undefined) return elementBytes[dtype];
  return Object.hasOwn(otherWidths, name) ? otherWidths[name] : undefined;
}

function simpleName(className: string): string {
  return className.slice(className.lastIndexOf(".") + 1);
}

const rebuilders = new Set(
  ["_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3"].map((name) => `torch._utils.${name}`),
);
const parameterRebuilders = new Set(["torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state"]);
const subclassRebuilder = "torch._tensor._rebuild_from_type_v2";

export function isTensor(value: PickleValue | undefined): value is PickleRecord {
  if (!isRecord(value)) return false;
  const { className } = value;
  return (
    rebuilders.has(className) ||
    parameterRebuilders.has(className) ||
    className === subclassRebuilder ||
    isTypedTensor(value)
  );
}

/** Throws HarnessError, naming the weight, for an element type that is not read or a shape that its storage can not have. */
export function rebuildTensor(name: string, value: PickleRecord, label: string, find: FindRegion): StridedTensor {
  const { args, parameter } = unwrap(value);
  const [storage, offset, size, stride] = args;
  const dims = numbersOf(size);
  const strides = numbersOf(stride);
  const subject = `${label}: weight ${printable(name)}`;
  if (!isKind(storage, "storage") || typeof offset !== "number" || dims === undefined || strides === undefined) {
    throw damaged(`${subject} can not be rebuilt`, {
      found: `storage ${describeKind(storage)}, offset ${describeKind(offset)}, shape ${describeKind(size)}`,
    });
  }
  const dtype = storageDtype(storage.className) ?? dtypeArgument(args);
  if (dtype === undefined) {
    throw new HarnessError(`${subject} has an element type that is not read`, {
      found: printable(storage.className),
      hint: "convert the weights to float32 before saving them",
    });
  }
  const region = viewOf(find(storage), storage, dtype, subject);
  const tensor = { name, dtype, dims, strides, offset, region, ...(parameter ? { parameter } : {}) };
  checkTensor(tensor, label);
  return tensor;
}

/** The arguments of _rebuild_tensor, out of the wrappings of parameters and subclasses. */
function unwrap(value: PickleRecord): { args: readonly PickleValue[]; parameter?: true } {
  let inner: PickleValue | undefined = value;
  let parameter = false;
  while (isRecord(inner)) {
    if (isTypedTensor(inner)) return { args: inner.state.items, ...(parameter ? { parameter } : {}) };
    if (rebuilders.has(inner.className)) return { args: inner.args, ...(parameter ? { parameter } : {}) };
    parameter ||= parameterRebuilders.has(inner.className);
    inner = inner.className === subclassRebuilder ? innerCall(inner) : inner.args[0];
  }
  return { args: [] };
}

/** _rebuild_from_type_v2(function, type, arguments, state) stands for function(*arguments). */
function innerCall({ args: [callee, , args] }: PickleRecord): PickleRecord | undefined {
  if (!isKind(callee, "global") || !isKind(args, "tuple")) return undefined;
  return { kind: "record", className: callee.name, args: args.items };
}

/** Before _rebuild_tensor, a tensor was its class with (storage, offset, size, stride) as its state. */
function isTypedTensor(value: PickleRecord): value is PickleRecord & { state: { items: readonly PickleValue[] } } {
  const { className, state } = value;
  return /^torch\.(cuda\.)?[A-Z]\w*Tensor$/.test(className) && isKind(state, "tuple") && state.items.length === 4;
}

/** _rebuild_tensor_v3 names the element type, because its storage is untyped. */
function dtypeArgument(args: readonly PickleValue[]): TensorDtype | undefined {
  const named = args[6];
  const name = isKind(named, "global") ? named.name.replace(/^torch\./, "") : "";
  return Object.hasOwn(elementBytes, name) ? (name as TensorDtype) : undefined;
}

/** A tuple of integers, or the torch.Size of one. */
function numbersOf(value: PickleValue | undefined): number[] | undefined {
  const tuple = isRecord(value, "torch.Size") ? value.args[0] : value;
  if (!isKind(tuple, "tuple") && !isKind(tuple, "list")) return undefined;
  const items: readonly PickleValue[] = tuple.items;
  const numbers = items.filter((item) => typeof item === "number");
  return numbers.length === items.length ? numbers : undefined;
}

function viewOf(region: Region, { view }: PickleStorage, dtype: TensorDtype, subject: string): Region {
  if (view === undefined) return region;
  const [start, length] = [view.offset * elementBytes[dtype], view.count * elementBytes[dtype]];
  if (!(start >= 0 && length >= 0 && start + length <= region.length)) {
    throw damaged(`${subject} leaves its storage`, {
      found: `bytes ${start} to ${start + length}`,
      expected: `at most ${region.length}`,
    });
  }
  return { ...region, start: region.start + start, length };
}
