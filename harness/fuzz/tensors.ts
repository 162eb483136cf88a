import { type ByteSource, memorySource, readTensorArchive } from "../weights/index.ts";

/** Reads every tensor: a file that is not refused is whole, and no tensor has more values than the file has bytes. */
export async function readTensors(bytes: Buffer): Promise<void> {
  const archive = await readTensorArchive(watched(memorySource("weights", bytes)));
  for (const [name, { dims }] of archive.tensors) {
    const values = archive.read(name);
    const count = dims.reduce((product, dim) => product * dim, 1);
    if (values.length !== count || count > bytes.length) throw new Error(`${name} has ${values.length} values`);
  }
}

/** Returns a source that throws at a read longer than the file. */
function watched(source: ByteSource): ByteSource {
  return {
    ...source,
    readInto(target, offset) {
      if (target.length > source.size) throw new Error(`a read of ${target.length} bytes`);
      source.readInto(target, offset);
    },
  };
}
