import type { AnnotationFacts, DatasetOptions, EncoderInput, GraphFiles, RuntimeOptions } from "../api.ts";

/** What the process needs of a run: one variant, one image and one box. */
export interface ModelSetup {
  readonly variant: string;
  /** The variant's module. */
  readonly plugin: string;
  /** The variant's, as `--variant-files` gives them; empty where its graphs are built. */
  readonly variantFiles: readonly string[];
  /** As `--input` says; what the encoder's graph shows where it is left out. */
  readonly encoderInput?: EncoderInput;
  readonly graphs: GraphFiles;
  readonly runtime: RuntimeOptions;
}

/** Everything a worker needs; plain data, since it crosses a process boundary. */
export interface WorkerSetup extends ModelSetup {
  readonly dataset: string;
  /** The data set's module: a worker knows no other's code. */
  readonly datasetPlugin: string;
  /** Modules of the protocols that the project does not bring itself. */
  readonly protocolPlugins: readonly string[];
  readonly datasetOptions: DatasetOptions;
  /** A detector's results file that is prompted in place of the annotations. */
  readonly boxes?: string;
  readonly prompts: readonly { readonly prompts: string; readonly protocol: string }[];
  readonly seed: number;
  /** Of a floor. */
  readonly facts?: AnnotationFacts;
}
