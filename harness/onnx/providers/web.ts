/**
 * Names of the providers that compute in a web page: `web-wasm2` is ONNX Runtime's WebAssembly with two threads, `web-webgpu` its
 * WebGPU. They are no providers of the runtime for Node.
 */
const wasmPattern = /^web-wasm([1-9]\d{0,2})$/;

/** The provider of WebGPU in a page. */
export const webgpuProvider = "web-webgpu";

/** An engine is what computes in a page: each is a build of the runtime with files of its own. */
export type PageEngine = "wasm" | "webgpu";

/** Returns the provider of WebAssembly in a page with so many threads. */
export function wasmProvider(threads: number): string {
  return `web-wasm${threads}`;
}

/** Returns the threads of a provider that computes in a page; nothing for one that does not. WebGPU has one, which hands work over. */
export function webThreads(provider: string): number | undefined {
  if (provider === webgpuProvider) return 1;
  const threads = wasmPattern.exec(provider)?.[1];
  return threads === undefined ? undefined : Number(threads);
}

export function isWeb(provider: string): boolean {
  return webThreads(provider) !== undefined;
}

/** Returns what computes for a provider that computes in a page. */
export function engineOf(provider: string): PageEngine {
  return provider === webgpuProvider ? "webgpu" : "wasm";
}

/** Returns the provider whose graphs are run: WebAssembly runs those of the processor. */
export function graphProvider(provider: string): string {
  if (!isWeb(provider)) return provider;
  return engineOf(provider) === "webgpu" ? "webgpu" : "cpu";
}
