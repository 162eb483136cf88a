import { isWeb } from "../../onnx/providers/web.ts";
import { programText } from "../../process/external/hello.ts";
import { isEarlier, type Manifest } from "../../store/schema.ts";

/** Conditions that a latency depends on besides the variant: rows that differ in one can not be compared. */
export interface Conditions {
  readonly seed: number;
  readonly threads: number;
  /** Logical processors that the processes were pinned to. */
  readonly cpus?: string;
  /** Execution provider of ONNX Runtime; absent where another program answers. */
  readonly provider?: string;
  /** Version of ONNX Runtime; absent where another program answers. */
  readonly onnxruntime?: string;
  /** Another program that answers: its name and versions. It is what is measured, so rows of two programs can be compared. */
  readonly program?: string;
  readonly cpu: string;
  readonly cores: number;
  /** Holds the processor time, in cores, that a container's quota allowed. */
  readonly quota?: number;
  /** Name of the GPU that the run was on. */
  readonly gpu?: string;
  /** Present where an earlier version recorded the run. */
  readonly recorded?: "an earlier version";
}

/** Returns the conditions of a stored run. */
export function conditionsOf(manifest: Manifest): Conditions {
  const { seed, runtime, environment, external } = manifest;
  const { provider, threads, onnxruntime } = runtime;
  const { cpu, limits, gpus = [] } = environment;
  return {
    seed,
    threads,
    cpus: runtime.cpus,
    provider: external === undefined ? provider : undefined,
    onnxruntime: external === undefined ? onnxruntime : undefined,
    program: external === undefined ? undefined : programText(external),
    cpu: cpu.model,
    cores: cpu.cores,
    quota: limits.cores,
    gpu: provider === "cpu" ? undefined : gpus[0]?.name,
    recorded: isEarlier(manifest) ? "an earlier version" : undefined,
  };
}

/** Tells whether latencies can be compared. */
export function sameConditions(a: Conditions, b: Conditions): boolean {
  return differingConditions(a, b).length === 0;
}

/** Tells whether a page of a browser computed: then the row's name says its threads, and its runtime is that for the web. */
export function computedInPage({ provider }: Pick<Conditions, "provider">): boolean {
  return provider !== undefined && isWeb(provider);
}

/**
 * Returns the conditions in which two rows differ. The seed, the provider and the program that answers do not count: the last two
 * are what is measured, and a row's name says them; so it does of the threads and the runtime of a page. The GPU and the version of
 * ONNX Runtime count between rows that both have one.
 */
export function differingConditions(a: Conditions, b: Conditions): readonly (keyof Conditions)[] {
  const always = ["cpu", "cores", "cpus", "quota", "recorded"] as const;
  const ofBoth = ["gpu", "onnxruntime"] as const;
  const named = computedInPage(a) !== computedInPage(b) ? ["onnxruntime"] : [];
  const threads = computedInPage(a) || computedInPage(b) || a.threads === b.threads ? [] : (["threads"] as const);
  return [
    ...threads,
    ...always.filter((name) => a[name] !== b[name]),
    ...ofBoth
      .filter((name) => !named.includes(name))
      .filter((name) => a[name] !== undefined && b[name] !== undefined && a[name] !== b[name]),
  ];
}
