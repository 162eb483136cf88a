import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { HarnessError } from "../errors.ts";
import { readTensorArchive } from "./archive.ts";
import { type ByteSource, memorySource } from "./source.ts";

/** Sound and damaged files of every form. */
const seeds = [
  ...["plain.pth", "training.pth", "dataparallel.pth", "parameters.pth", "short_storage.pth", "truncated.pth"],
  ...["legacy.pth", "legacy.pth", "legacy.pth", "plain.safetensors", "plain.safetensors", "plain.safetensors"],
].map((name) => ({ name, bytes: readFileSync(new URL(`fixtures/${name}`, import.meta.url)) }));

const cases = 20_000;
/** Every instruction of a pickle, JSON's punctuation, and the numbers that lengths break at. */
const opcodes = Buffer.from('().012FIJKLMNPQRSTUVXabcd}eghijl]opqrstuBCG{[,":-9', "latin1");
const lengths = [0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

type Draw = (below: number) => number;

test(`${cases} broken files are read or refused: no crash, no hang, no more memory than they have bytes`, async () => {
  const draw = generator(20250101);
  const before = process.memoryUsage().rss;
  const counts = { read: 0, refused: 0 };
  let grown = 0;
  for (let index = 0; index < cases; index++) {
    const { name, bytes } = seeds[index % seeds.length]!;
    counts[await outcome(watched(memorySource(name, mutate(bytes, draw))), index)]++;
    if (index % 100 === 0) grown = Math.max(grown, process.memoryUsage().rss - before);
  }
  // Both must be common, or the mutations no longer reach what they should.
  expect(counts.read).toBeGreaterThan(cases / 10);
  expect(counts.refused).toBeGreaterThan(cases / 10);
  expect(grown).toBeLessThan(400e6);
});

/** Reads every tensor. An archive is either refused at opening or wholly readable; a deflated entry may still be bad. */
async function outcome(source: ByteSource, index: number): Promise<"read" | "refused"> {
  try {
    const archive = await readTensorArchive(source);
    for (const [name, { dims }] of archive.tensors) {
      const values = archive.read(name);
      const count = dims.reduce((product, dim) => product * dim, 1);
      if (values.length !== count || count > source.size) throw new Error(`${name} has ${values.length} values`);
    }
    return "read";
  } catch (error) {
    if (error instanceof HarnessError && error.message.startsWith(source.label) && error.message.length < 2000) {
      return "refused";
    }
    throw new Error(`case ${index} of ${source.label}`, { cause: error });
  }
}

/** Fails at a read that is longer than the file. */
function watched(source: ByteSource): ByteSource {
  return {
    ...source,
    readInto(target, offset) {
      if (target.length > source.size) throw new Error(`a read of ${target.length} bytes`);
      source.readInto(target, offset);
    },
  };
}

function mutate(original: Buffer, draw: Draw): Buffer {
  let bytes: Buffer = Buffer.from(original);
  for (let rounds = 1 + draw(4); rounds > 0 && bytes.length > 16; rounds--) {
    bytes = mutations[draw(mutations.length)]!(bytes, place(bytes, draw), draw);
  }
  return bytes;
}

/** Headers and directories lie at both ends. */
function place(bytes: Buffer, draw: Draw): number {
  const near = Math.min(1500, bytes.length);
  return [draw(bytes.length), draw(near), draw(near), bytes.length - 1 - draw(near)][draw(4)]!;
}

const mutations: readonly ((bytes: Buffer, at: number, draw: Draw) => Buffer)[] = [
  (bytes, at, draw) => {
    bytes[at]! ^= 1 << draw(8);
    return bytes;
  },
  (bytes, at) => (at % 5 === 0 ? bytes.subarray(0, at) : bytes),
  (bytes, at, draw) => {
    const from = draw(bytes.length);
    const piece = bytes.subarray(from, from + draw(64));
    return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at + (draw(2) === 0 ? 0 : piece.length))]);
  },
  (bytes, at, draw) => {
    const width = [1, 2, 4, 6][draw(4)]!;
    const value = lengths[draw(lengths.length)]! % 2 ** (8 * width);
    bytes.writeUIntLE(value, Math.min(at, bytes.length - width), width);
    return bytes;
  },
  (bytes, at, draw) => {
    bytes[at] = draw(3) === 0 ? 0x80 + draw(0x19) : opcodes[draw(opcodes.length)]!;
    return bytes;
  },
  (bytes, at, draw) => {
    const digit = bytes.subarray(at).findIndex((byte) => byte >= 0x30 && byte <= 0x39);
    if (digit >= 0) bytes.write("9".repeat(1 + draw(3)), at + digit, "latin1");
    return bytes;
  },
];

/** A linear congruential generator (Numerical Recipes): the same files on every machine. */
function generator(seed: number): Draw {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
