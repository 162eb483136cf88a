import type {
  AnnotationFacts,
  DatasetOptions,
  DecoderRules,
  FileHints,
  GraphFiles,
  RuntimeOptions,
  VariantManifest,
} from "../api.ts";
import type { PageEngine } from "../onnx/providers/web.ts";
import type { PointSizes } from "../plan/point.ts";
import type { GroupCommand } from "../process/external/group.ts";
import type { ExternalDescription, HelloFields } from "../process/external/hello.ts";

/** Says what a process needs to run one variant on one image and one box. */
export interface ModelSetup {
  readonly variant: string;
  /** Paths of the variant's module and, for a method, of its base's: a worker loads no other variant's code. */
  readonly plugins: readonly string[];
  /** The variant's pieces of `--variant-files`; empty where its graphs are built. */
  readonly variantFiles: readonly string[];
  /** What `--input` and `--onnx-names` say of these files. */
  readonly fileHints: FileHints;
  readonly graphs: GraphFiles;
  readonly runtime: RuntimeOptions;
  /** Logical processors that the process is pinned to; absent where it may use all. */
  readonly cpus?: string | undefined;
  /** Present for a point of a sweep. */
  readonly sizes?: PointSizes | undefined;
  /** Present for a variant that another process answers for: then the fields about graphs and plug-ins are not read. */
  readonly external?: ExternalSetup | undefined;
  /** Present for a row that a page of a browser computes: then the fields about plug-ins are not read. */
  readonly page?: PageSetup | undefined;
}

/** Says what a page of a browser loads; it is plain data. */
export interface PageSetup {
  readonly preset: VariantManifest;
  /** Names what loads the graphs: a page has no plug-in. */
  readonly rules: DecoderRules;
  readonly engine: PageEngine;
  readonly threads: number;
}

/** Says how a worker starts the program that answers. The command is the user's own, or a shipped one: never a stored run's. */
export interface ExternalSetup {
  readonly command: GroupCommand;
  readonly hello: HelloFields;
  /** Holds what the program said of itself while the run was planned. */
  readonly description: ExternalDescription;
  /** The preset as the program is able to answer for it. */
  readonly preset: VariantManifest;
  readonly load: {
    readonly weights: string | null;
    readonly graphs: GraphFiles | null;
    readonly threads: number;
  };
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
