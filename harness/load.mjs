// A process of this program begins here: it runs compiled code where the cache can be used, which starts it in a fraction of the
// time, and else TypeScript as it is, so that a clean clone works right after `npm ci`.
import { runCompiled } from "./codeCache.mjs";
import { compiledModule } from "./compiled.mjs";

/**
 * Imports a module by its path in `harness/`. A process that loads plug-ins from outside runs TypeScript as it is: such a plug-in
 * imports modules of this project, and these must be the ones that the process runs.
 */
export async function load(path, { foreignPlugins = false } = {}) {
  const compiled = foreignPlugins ? undefined : await compiledModule(`harness/${path}`);
  if (compiled !== undefined) return runCompiled(compiled);
  const { registerLoader } = await import("./loader.mjs");
  registerLoader();
  return import(new URL(path, import.meta.url).href);
}
