/** This file turns the records by which torch.save writes tensors into views of storages. Source: torch/_utils.py. */

import { damaged, printable } from "../damage.ts";
import { elementBytes, type TensorDtype } from "../elements.ts";
import type { Budget } from "../pickle/budget.ts";
import { describeKind, isKind, type PickleRecord, type PickleStorage } from "../pickle/pickleValue.ts";
import { checkTensor, elementCount, type Region, type StridedTensor } from "../strided.ts";
import { isReadable, type UnreadableTensor, unreadableTensor } from "../unreadable.ts";
import type { StateDict } from "./stateDict.ts";
import { dtypeArgument, foreignDtype, storageDtype } from "./storageTypes.ts";
import { metadataOf, numbersOf, unreadableRebuilder, unwrap } from "./tensorCall.ts";

export interface Rebuilding {
  readonly label: string;
  readonly budget: Budget;
  /** Returns the region of a storage's bytes. Throws HarnessError where there is none. */
  find(storage: PickleStorage): Region;
}

/** Returns all tensors of a state dict, charged to the file's budget. Throws HarnessError as rebuildTensor. */
export function rebuildTensors(
  { nesting, tensors }: StateDict<PickleRecord>,
  rebuilding: Rebuilding,
): StateDict<StridedTensor | UnreadableTensor> {
  const { budget } = rebuilding;
  const rebuilt = new Map<string, StridedTensor | UnreadableTensor>();
  for (const [name, record] of tensors) {
    const tensor = rebuildTensor(name, record, rebuilding);
    if (isReadable(tensor)) budget.chargeElements(elementsTouched(tensor));
    rebuilt.set(name, tensor);
  }
  return { nesting, tensors: rebuilt };
}

/** Returns the elements that reading a tensor touches: one tensor of a packed storage unpacks the whole. */
function elementsTouched({ dims, region }: StridedTensor): number {
  return Math.max(elementCount(dims), region.inflated ? region.length : 0);
}

/** Throws HarnessError, naming the weight, for a shape that its storage can not have. */
function rebuildTensor(
  name: string,
  value: PickleRecord,
  { label, budget, find }: Rebuilding,
): StridedTensor | UnreadableTensor {
  const { args, className, parameter } = unwrap(value, budget);
  const foreign = unreadableRebuilder(className);
  if (foreign !== undefined) return unreadableTensor(name, foreign.layout, numbersOf(foreign.size(args)));
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
  if (dtype === undefined) return unreadableTensor(name, foreignDtype(storage, args), dims);
  const metadata = metadataOf(className, args);
  if (metadata.unknown !== undefined) return unreadableTensor(name, `${dtype} with ${metadata.unknown}`, dims);
  const region = viewOf(find(storage), storage, dtype, subject);
  const tensor: StridedTensor = {
    name,
    dtype,
    dims,
    strides,
    offset,
    region,
    negated: metadata.negated ? true : undefined,
    parameter: parameter || undefined,
  };
  checkTensor(tensor, label);
  return tensor;
}

function viewOf(region: Region, { view }: PickleStorage, dtype: TensorDtype, subject: string): Region {
  if (view === undefined) return region;
  const start = view.offset * elementBytes[dtype];
  const length = view.count * elementBytes[dtype];
  if (!(start >= 0 && length >= 0 && start + length <= region.length)) {
    throw damaged(`${subject} leaves its storage`, {
      found: `bytes ${start} to ${start + length}`,
      expected: `at most ${region.length}`,
    });
  }
  return { ...region, start: region.start + start, length };
}
