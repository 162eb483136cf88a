import { findBrowser, missingForPages, webRuntimeVersion } from "../web/browser.ts";

/** Says what pages of a browser need on this machine, and what of it is here. */
export interface PageState {
  /** Path of the browser; absent where none is installed. */
  readonly browser?: string | undefined;
  /** Version of ONNX Runtime for the web; absent where something is missing. */
  readonly onnxruntime?: string | undefined;
  /** Sentences about what is missing, each with what brings it; empty where `--runtime web` can run. */
  readonly missing: readonly string[];
}

/** Looks for a browser and for the packages that pages need. Nothing is started. */
export function checkPages(environment: NodeJS.ProcessEnv = process.env): PageState {
  const missing = missingForPages(environment).map(({ message, hint }) => `${message}; ${hint}`);
  return {
    browser: findBrowser(environment),
    onnxruntime: missing.length === 0 ? webRuntimeVersion() : undefined,
    missing,
  };
}
