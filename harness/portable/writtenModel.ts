import type { PortableModel } from "../onnx/index.ts";

/** A written folder says this of its model, whatever its layout. */
export interface WrittenModel extends Pick<PortableModel, "weights"> {
  readonly variant: Pick<PortableModel["variant"], "id" | "graph">;
  /** Holds each graph with its path in the folder. */
  readonly graphs: Readonly<Record<string, WrittenFile>>;
}

interface WrittenFile {
  readonly file: string;
  /** The file with its tensors, where they lie beside it. */
  readonly weights?: { readonly file: string } | undefined;
  readonly does: string;
}
