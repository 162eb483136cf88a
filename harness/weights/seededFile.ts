import { closeSync, openSync, writeSync } from "node:fs";
import type { Checkpoint, SeededScale } from "../api.ts";
import { seededCheckpoint } from "./seeded.ts";
import { elementCount } from "./strided.ts";

export type TensorShapes = ReadonlyMap<string, readonly number[]>;

/** Returns the shape of each tensor that is taken from a seeded checkpoint; no value is read. */
export async function shapesTaken(take: (checkpoint: Checkpoint) => Promise<unknown>): Promise<TensorShapes> {
  const shapes = new Map<string, readonly number[]>();
  const seeded = seededCheckpoint();
  await take({
    ...seeded,
    take(name, dims) {
      shapes.set(name, [...dims]);
      return seeded.take(name, dims);
    },
  });
  return shapes;
}

/** Writes seeded tensors of these shapes as a .safetensors file; one tensor is in memory at a time. */
export function writeSeededFile(file: string, shapes: TensorShapes, scale?: SeededScale): void {
  const seeded = seededCheckpoint(scale);
  const header: Record<string, unknown> = {};
  let end = 0;
  for (const [name, dims] of shapes) {
    const begin = end;
    end += 4 * elementCount(dims);
    header[name] = { dtype: "F32", shape: dims, data_offsets: [begin, end] };
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const descriptor = openSync(file, "wx");
  try {
    for (const part of [length, text]) writeWhole(descriptor, part);
    for (const [name, dims] of shapes) writeWhole(descriptor, bytesOf(seeded.take(name, dims).read()));
  } finally {
    closeSync(descriptor);
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** A write may take less than all of a tensor's bytes. */
function writeWhole(descriptor: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written);
}
