import * as ort from "onnxruntime-web/wasm";

/** The runtime's build for WebAssembly; the bundler puts that for WebGPU in its place. */
export { ort };

export const engine = "wasm";

/** Name of its script and of its WebAssembly, without their endings. */
export const runtimeName = "ort-wasm-simd-threaded";

/** Returns what computes, as the browser calls it; the processor has no name in a page. */
export async function deviceName(): Promise<string | undefined> {
  return undefined;
}
