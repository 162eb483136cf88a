import { fileURLToPath } from "node:url";
import type { Protocol } from "../api.ts";
import { isWeb } from "../onnx/providers/web.ts";
import type { RunPlan } from "../plan/plan.ts";
import { closureHash } from "../plan/plugins/importClosure.ts";
import type { RegisteredVariant } from "../plan/plugins/registry.ts";
import { processor } from "../store/rowName.ts";

/** Metrics do not count: a change of a metric makes no row another one, and rows are scored again. */
const scoring = { without: ["harness/metrics"] };

/** The code that decides what a run's rows hold: each field is the sha256 of a module and of all that it imports. */
export interface RowCode {
  /** Covers the code from the photo to the mask in the row: it prepares, prompts, upscales and chooses the mask's pixels. */
  readonly pipeline: string;
  /** The code of each protocol, by id: its definition, its sampler, its choice of a mask. */
  readonly protocols: Readonly<Record<string, string>>;
  /** The code of the variant's plug-in, and of the plug-in whose model a method changes. */
  readonly variant: string;
  readonly dataset: string;
  /** The code that makes prompts of a detector's boxes; absent where none are given. */
  readonly boxes?: string;
  /** The code that asks another process and holds its answers; absent where none answers. */
  readonly external?: string;
  /** The code of a page and of what asks it; absent where none computes. */
  readonly page?: string;
}

/** Returns the digests for one variant of a plan. A file that none of these modules imports changes none of them. */
export function rowCode(
  plan: Pick<RunPlan, "prompts" | "registry" | "dataset" | "boxes">,
  { file, external, base }: Pick<RegisteredVariant, "file" | "external" | "base">,
  provider: string = processor,
): RowCode {
  return {
    pipeline: closureHash(moduleOf("../worker/accuracy.ts"), scoring),
    protocols: Object.fromEntries(plan.prompts.map(({ protocol }) => [protocol.id, protocolCode(protocol)])),
    variant: [file, ...baseFiles(base)].map((each) => closureHash(each, scoring)).join(" "),
    dataset: closureHash(plan.registry.datasetFiles.get(plan.dataset.id)!, scoring),
    boxes: plan.boxes === undefined ? undefined : closureHash(moduleOf("../plan/data/detectorBoxes.ts"), scoring),
    external: external === undefined ? undefined : askingCode(),
    page: isWeb(provider) ? pageCode() : undefined,
  };
}

function askingCode(): string {
  return ["open", "heldPhoto"].map((name) => closureHash(moduleOf(`../worker/external/${name}.ts`), scoring)).join(" ");
}

/** A page's worker is no import of what opens the page, and neither is what loads graphs in it. */
function pageCode(): string {
  const modules = [
    "worker/web/open.ts",
    "worker/web/page/worker.ts",
    "worker/web/page/onnx.ts",
    "worker/web/page/webgpuEngine.ts",
  ];
  return [...modules, "../variants/onnx/loaders.ts", "worker/external/heldPhoto.ts"]
    .map((module) => closureHash(moduleOf(`../${module}`), scoring))
    .join(" ");
}

/** Returns the digest of what a protocol is defined by; the files of its metrics do not count. */
export function protocolCode({ module, metrics }: Pick<Protocol, "module" | "metrics">): string {
  const files = metrics.map((metric) => fileURLToPath(metric.module));
  return closureHash(fileURLToPath(module), { without: [...scoring.without, ...files] });
}

/** Returns the digest of the code that reads weights and writes graphs: it decides what values a graph's constants get. */
export function graphCode({ file, base }: Pick<RegisteredVariant, "file" | "base">): string {
  return [moduleOf("../onnx/index.ts"), moduleOf("../weights/index.ts"), file, ...baseFiles(base)]
    .map((module) => closureHash(module))
    .join(" ");
}

function baseFiles(base: RegisteredVariant["base"]): readonly string[] {
  return base === undefined ? [] : [base.file];
}

function moduleOf(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}
