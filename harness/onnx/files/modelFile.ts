import { closeSync, fstatSync, readSync } from "node:fs";
import { basename } from "node:path";
import { HarnessError } from "../../errors.ts";
import { openRegularFile } from "../../files.ts";
import { OverLimit } from "../graphBody.ts";
import { eachField, type Field, fieldsOf, MessageReader } from "./protobuf.ts";

/** Field numbers of onnx.proto that are read of a model. */
const at = {
  model: { graph: 7, opset: 8, function: 25 },
  opset: { domain: 1, version: 2 },
} as const;

/** A model file while it is open. */
export interface OpenModel {
  readonly graph: Field;
  /** Version of ONNX's own operators; absent where the file names none. */
  readonly opset: number | undefined;
}

/**
 * Opens an ONNX file, whatever its size, and reads it field by field. Throws HarnessError where the file is missing, cut off or no
 * ONNX model, or has more of something than is run here.
 */
export function readModel<T>(file: string, read: (model: OpenModel) => T): T {
  const handle = openRegularFile(file, "give an ONNX graph");
  try {
    return read(openedModel(handle));
  } catch (error) {
    if (error instanceof OverLimit)
      throw new HarnessError(`${basename(file)}: is more than is run here`, {
        found: error.message,
        expected: error.expected,
        cause: error,
      });
    if (!(error instanceof RangeError)) throw error;
    throw new HarnessError(`${basename(file)}: not an ONNX file, or cut off`, {
      found: error.message,
      expected: "an .onnx file that an exporter wrote",
      cause: error,
    });
  } finally {
    closeSync(handle);
  }
}

function openedModel(handle: number): OpenModel {
  const read = (buffer: Uint8Array, position: number) => readSync(handle, buffer, 0, buffer.length, position);
  const reader = new MessageReader(read, fstatSync(handle).size);
  let graph: Field | undefined;
  let opset: number | undefined;
  for (const field of eachField(reader.whole())) {
    if (field.number === at.model.graph) graph = field;
    else if (field.number === at.model.opset) opset = ownVersion(field) ?? opset;
    else if (field.number === at.model.function)
      throw new OverLimit("functions of its own", "nodes alone: export the graph with its functions inlined");
  }
  if (graph === undefined) throw new RangeError("no graph in it");
  return { graph, opset };
}

/** Returns the version that an entry gives for ONNX's own operators; nothing where it is about others. */
function ownVersion(entry: Field): number | undefined {
  const fields = fieldsOf(entry);
  const domain = fields.find(({ number }) => number === at.opset.domain)?.text() ?? "";
  if (domain !== "" && domain !== "ai.onnx") return undefined;
  return fields.find(({ number }) => number === at.opset.version)?.value;
}
