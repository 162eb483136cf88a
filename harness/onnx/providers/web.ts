/**
 * Names of the providers that compute in a web page: `web-wasm2` is ONNX Runtime's WebAssembly with two threads. They are no
 * providers of the runtime for Node, and `--runtime web` asks for them.
 */
const pattern = /^web-wasm([1-9]\d{0,2})$/;

/** Returns the provider of WebAssembly in a page with so many threads. */
export function wasmProvider(threads: number): string {
  return `web-wasm${threads}`;
}

/** Returns the threads of a provider that computes in a page; nothing for one that does not. */
export function webThreads(provider: string): number | undefined {
  const threads = pattern.exec(provider)?.[1];
  return threads === undefined ? undefined : Number(threads);
}

export function isWeb(provider: string): boolean {
  return webThreads(provider) !== undefined;
}

/** Returns the provider whose graphs are run: WebAssembly runs those of the processor. */
export function graphProvider(provider: string): string {
  return isWeb(provider) ? "cpu" : provider;
}
