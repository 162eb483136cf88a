import { engineFolder } from "./engines.ts";
import { computesInHalves } from "./halfGraphs.ts";

/** Says with what the sessions of a provider are asked for, beside what all sessions have. */
interface ProviderSettings {
  /** Providers that take the nodes which this one can not run, before the processor does. */
  readonly fallback?: readonly string[];
  /** Number of the device; `CUDA_VISIBLE_DEVICES` says which one is the first. */
  readonly deviceId?: number;
  /**
   * Name of the provider in the keys of a session's configuration, `ep.NAME.OPTION`, and its options by the names that the
   * provider's documentation gives them. A runtime that does not know an option leaves it aside.
   */
  readonly configuration?: {
    readonly name: string;
    options(file: string): Readonly<Record<string, string>>;
  };
  /** Variables that the provider's libraries read when they are loaded; a value that the user has set stays. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly hint: string;
}

/**
 * Products of float32 are computed in TF32 by default on GPUs that have it: with 10 bits of mantissa, masks differ. NVIDIA's
 * libraries keep float32 where this is 0; whoever wants TF32 sets it to 1.
 */
const withoutTf32 = { NVIDIA_TF32_OVERRIDE: "0" };

const cudaHint =
  "CUDA 12 and cuDNN 9 must be installed, and onnxruntime-node's CUDA libraries fetched once: node node_modules/onnxruntime-node/script/install.js";

const cuda: ProviderSettings = {
  deviceId: 0,
  configuration: {
    name: "cudaexecutionprovider",
    options: () => ({
      use_tf32: "0",
      // The fastest algorithm is looked for once a shape: what it takes is in the images before a variant is steady.
      cudnn_conv_algo_search: "EXHAUSTIVE",
      // Memory grows by what is asked for and not by powers of two, so that the peak is the model's.
      arena_extend_strategy: "kSameAsRequested",
    }),
  },
  environment: withoutTf32,
  hint: cudaHint,
};

const tensorrt: ProviderSettings = {
  fallback: ["cuda"],
  deviceId: 0,
  configuration: {
    name: "tensorrtexecutionprovider",
    options: (file) => ({
      // Engines take minutes to build. The provider's own key says nothing of the weights, so that each graph has a folder.
      trt_engine_cache_enable: "1",
      trt_engine_cache_path: engineFolder(file),
      trt_timing_cache_enable: "1",
      trt_timing_cache_path: engineFolder(file),
      trt_fp16_enable: computesInHalves(file) ? "1" : "0",
    }),
  },
  environment: withoutTf32,
  hint: `${cudaHint}; TensorRT 10 must be installed beside them`,
};

const elsewhere = "this provider needs its platform's own libraries; `--provider cpu` runs everywhere";

const vulkan =
  "WebGPU needs Vulkan's loader (Debian and Ubuntu: apt-get install libvulkan1) and a driver: a GPU's own, or SwiftShader, a software device that comes with Chromium (apt-get install chromium; VK_ICD_FILENAMES=/usr/lib/chromium/vk_swiftshader_icd.json); `--provider cpu` runs everywhere";

const settings: Readonly<Record<string, ProviderSettings>> = {
  cpu: { hint: "is the file whole? it may also need operators that this version lacks" },
  cuda,
  tensorrt,
  webgpu: { hint: process.platform === "linux" ? vulkan : elsewhere },
};

/** Returns the settings of a provider; those that have none of their own are asked for by their name alone. */
export function settingsOf(provider: string): ProviderSettings {
  return settings[provider] ?? { hint: elsewhere };
}

/** A provider as a session is asked for it. */
type AskedProvider = string | { readonly name: string; readonly deviceId: number };

/** Returns the providers that a session is asked for, in the order in which nodes are offered to them. */
export function askedProviders(provider: string): AskedProvider[] {
  return [provider, ...(settingsOf(provider).fallback ?? [])].map((name) => {
    const { deviceId } = settingsOf(name);
    return deviceId === undefined ? name : { name, deviceId };
  });
}

/** Returns the configuration of a session of the graph by provider, `{ NAME: { OPTION: value } }`; it is empty where none is needed. */
export function configurationOf(provider: string, file: string): Readonly<Record<string, Record<string, string>>> {
  const asked = [provider, ...(settingsOf(provider).fallback ?? [])];
  const found = asked.flatMap((name) => settingsOf(name).configuration ?? []);
  return Object.fromEntries(found.map(({ name, options }) => [name, { ...options(file) }]));
}

/** Sets the variables that the provider's libraries read, where the user has not. */
export function prepareEnvironment(provider: string): void {
  for (const [name, value] of Object.entries(settingsOf(provider).environment ?? {})) process.env[name] ??= value;
}

/** Tells whether the provider builds an engine of a graph when it is opened for the first time, and keeps it. */
export function buildsEngines(provider: string): boolean {
  return provider === "tensorrt";
}
