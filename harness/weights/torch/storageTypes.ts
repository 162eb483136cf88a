/** Element types by the names of torch.save: classes of storages, and the type that _rebuild_tensor_v3 gives. */

import { elementBytes, type TensorDtype } from "../elements.ts";
import { isKind, type PickleStorage, type PickleValue } from "../pickle/pickleValue.ts";

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

/** Returns nothing for a class that is no typed storage that is read here (quantized, complex, 8-bit floats). */
export function storageDtype(className: string): TensorDtype | undefined {
  const name = simpleName(className);
  return Object.hasOwn(storageDtypes, name) ? storageDtypes[name] : undefined;
}

/** Returns the bytes of an element; nothing for a class that no torch.save writes. */
export function storageWidth(className: string): number | undefined {
  const name = simpleName(className);
  const dtype = storageDtype(className);
  if (dtype !== undefined) return elementBytes[dtype];
  return Object.hasOwn(otherWidths, name) ? otherWidths[name] : undefined;
}

export function simpleName(className: string): string {
  return className.slice(className.lastIndexOf(".") + 1);
}

/** Returns the element type that _rebuild_tensor_v3 names, because its storage is untyped. */
export function dtypeArgument(args: readonly PickleValue[]): TensorDtype | undefined {
  const name = dtypeName(args);
  return name !== undefined && Object.hasOwn(elementBytes, name) ? (name as TensorDtype) : undefined;
}

function dtypeName(args: readonly PickleValue[]): string | undefined {
  const named = args[6];
  return isKind(named, "global") ? named.name.replace(/^torch\./, "") : undefined;
}

/** Returns the name of an element type that is not read: that of _rebuild_tensor_v3, else the storage's class. */
export function foreignDtype({ className }: PickleStorage, args: readonly PickleValue[]): string {
  const names: Readonly<Record<string, string>> = {
    ComplexFloatStorage: "complex64",
    ComplexDoubleStorage: "complex128",
  };
  const name = simpleName(className);
  return dtypeName(args) ?? (Object.hasOwn(names, name) ? names[name]! : className);
}
