// TypeScript runs as it is, through tsx: no build step, so a clean clone works right after `npm ci`.
import { register as registerHooks } from "node:module";
import { register } from "tsx/esm/api";

/** Registers the loaders. Every process of this program calls it before it imports its own code. */
export function registerLoader() {
  register();
  registerHooks("./selfResolve.mjs", import.meta.url);
}
