/** A file that is no checkpoint is recognised here by its first bytes, so that the message can say what to do. */

import { HarnessError } from "../errors.ts";
import { type ByteSource, readBytes } from "./source.ts";

interface Kind {
  readonly what: string;
  readonly hint: string;
  matches(head: Buffer): boolean;
}

const starts =
  (...prefixes: readonly string[]) =>
  (head: Buffer): boolean =>
    prefixes.some((prefix) => head.subarray(0, prefix.length).equals(Buffer.from(prefix, "latin1")));

const convert = "load it with its own library and save the weights as .safetensors";

const kinds: readonly Kind[] = [
  { what: "an HDF5 file (Keras?)", hint: convert, matches: starts("\x89HDF\r\n\x1a\n") },
  { what: "a GGUF file", hint: convert, matches: starts("GGUF") },
  { what: "a NumPy array", hint: convert, matches: starts("\x93NUMPY") },
  { what: "gzip-compressed", hint: "unpack it with gunzip first", matches: starts("\x1f\x8b") },
  {
    what: "a tar archive",
    hint: "unpack it; if it is PyTorch's form before 0.2, load it with PyTorch and save it again",
    matches: (head) => head.subarray(257, 262).equals(Buffer.from("ustar")),
  },
  {
    // Field 1 (ir_version), a varint, then field 2 (producer_name), or field 8 (opset_import) where there is none.
    what: "an ONNX model, a graph with its weights",
    hint: "run it as it is: --variants mine --variant-files mine=FILE.onnx, with the decoder's file behind a comma if there is one",
    matches: (head) => head[0] === 0x08 && head[1]! < 32 && (head[2] === 0x12 || head[2] === 0x3a || head[2] === 0x42),
  },
  {
    what: "a Git LFS pointer, not the file that it points to",
    hint: "run git lfs pull, or download the file itself",
    matches: starts("version https://git-lfs"),
  },
  {
    what: "a web page",
    hint: "the download gave a page instead of the file; open the address in a browser to see it",
    matches: (head) => /^\s*<(!doctype|html|\?xml)/i.test(head.toString("latin1")),
  },
  { what: "a text file", hint: "give the path of a .pth, .pt or .safetensors file", matches: isText },
];

/** Returns the error for a file that no reader knows. */
export function foreignFile(source: ByteSource): HarnessError {
  const head = Buffer.from(readBytes(source, 0, Math.min(source.size, 512)));
  const kind = kinds.find(({ matches }) => matches(head));
  return new HarnessError(`${source.label}: is not a checkpoint`, {
    found: kind?.what ?? `first bytes ${head.subarray(0, 8).toString("hex")}`,
    expected: "a .pth, .pt or .safetensors file",
    hint: kind?.hint ?? "is this the right file, and did its download finish?",
  });
}

function isText(head: Buffer): boolean {
  return head.every((byte) => byte === 9 || byte === 10 || byte === 13 || (byte >= 32 && byte !== 127));
}
