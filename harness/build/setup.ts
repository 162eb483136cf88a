import type { AnnotationFacts, DatasetOptions, EncoderInput, GraphFiles, RuntimeOptions } from "../api.ts";

/** Says what a process needs to run one variant on one image and one box. */
export interface ModelSetup {
  readonly variant: string;
  /** Path of the variant's module. */
  readonly plugin: string;
  /** The variant's pieces of `--variant-files`; empty where its graphs are built. */
  readonly variantFiles: readonly string[];
  /** The value of `--input`; where it is left out, the encoder's graph shows what it takes. */
  readonly encoderInput?: EncoderInput;
  readonly graphs: GraphFiles;
  readonly runtime: RuntimeOptions;
}

/** Says what a worker needs; it is plain data, since it crosses a process boundary. */
export interface WorkerSetup extends ModelSetup {
  readonly dataset: string;
  /** Path of the data set's module: a worker loads no other data set's code. */
  readonly datasetPlugin: string;
  /** Modules of the protocols that the project does not bring itself. */
  readonly protocolPlugins: readonly string[];
  readonly datasetOptions: DatasetOptions;
  /** Results file of a detector, whose boxes are prompted in place of the annotations. */
  readonly boxes?: string;
  readonly prompts: readonly { readonly prompts: string; readonly protocol: string }[];
  readonly seed: number;
  /** Present for a floor. */
  readonly facts?: AnnotationFacts;
}
