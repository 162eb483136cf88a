/** Describes what a page's worker finds in its global scope and Node's types do not name. */
interface WorkerScope {
  readonly name: string;
  readonly location: { readonly href: string };
  /** True where the browser shares memory between the page's threads. */
  readonly crossOriginIsolated: boolean;
}

export const scope = globalThis as unknown as WorkerScope;
