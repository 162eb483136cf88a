/** The part of a WebSocket that is used here. */
export interface WorkerSocket {
  binaryType: "arraybuffer";
  onmessage: ((event: { readonly data: ArrayBuffer }) => void) | null;
  send(bytes: Uint8Array): void;
}

/** Describes what a page's worker finds in its global scope and Node's types do not name. */
interface WorkerScope {
  readonly name: string;
  readonly location: { readonly href: string };
  /** True where the browser shares memory between the page's threads. */
  readonly crossOriginIsolated: boolean;
  readonly WebSocket: new (address: string) => WorkerSocket;
}

export const scope = globalThis as unknown as WorkerScope;
