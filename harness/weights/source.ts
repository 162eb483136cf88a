/** A source gives a checkpoint's bytes: out of a file that is read in pieces, or out of memory. */

import { closeSync, fstatSync, readSync } from "node:fs";
import type { HarnessError } from "../errors.ts";
import { openRegularFile } from "../files.ts";
import { damaged } from "./damage.ts";

export interface ByteSource {
  /** Name of the source in messages: the file's path. */
  readonly label: string;
  /** Bytes. */
  readonly size: number;
  /** Fills the whole target from `offset`. Throws HarnessError where the bytes end before. */
  readInto(target: Uint8Array, offset: number): void;
  close(): void;
}

/** One call of read(2) gives at most 2 GiB; ViT-H's largest tensors are far below, its file is not. */
const longestRead = 2 ** 30;

/** Throws HarnessError if there is no such file, if it may not be read, or if it is a folder, a pipe, a socket or a device. */
export function fileSource(file: string): ByteSource {
  const descriptor = openRegularFile(file, "give the path of a .pth, .pt or .safetensors file");
  const { size } = fstatSync(descriptor);
  let open = true;
  return {
    label: file,
    size,
    readInto(target, offset) {
      // A closed descriptor's number may by now be another file's.
      if (!open) throw new Error(`${file}: read after close`);
      for (let done = 0; done < target.length; ) {
        const length = Math.min(longestRead, target.length - done);
        const count = readSync(descriptor, target, done, length, offset + done);
        if (count === 0) throw endsEarly(file, offset + target.length, offset + done);
        done += count;
      }
    },
    close() {
      if (open) closeSync(descriptor);
      open = false;
    },
  };
}

export function memorySource(label: string, bytes: Uint8Array): ByteSource {
  return {
    label,
    size: bytes.length,
    readInto(target, offset) {
      if (offset + target.length > bytes.length) throw endsEarly(label, offset + target.length, bytes.length);
      target.set(bytes.subarray(offset, offset + target.length));
    },
    close() {},
  };
}

/**
 * Returns a fresh array that begins a buffer of its own, so any typed array can look at it. The range is checked before anything
 * is allocated. Throws HarnessError where it leaves the source.
 */
export function readBytes(source: ByteSource, offset: number, length: number): Uint8Array<ArrayBuffer> {
  if (!(offset >= 0 && length >= 0 && offset + length <= source.size)) {
    throw endsEarly(source.label, offset + length, source.size);
  }
  const bytes = new Uint8Array(length);
  source.readInto(bytes, offset);
  return bytes;
}

function endsEarly(label: string, expected: number, found: number): HarnessError {
  return damaged(`${label}: the file is cut off`, {
    found: `${found} bytes`,
    expected: `at least ${expected} bytes`,
  });
}
