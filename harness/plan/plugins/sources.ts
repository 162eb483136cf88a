import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { isAbsolute, join, relative } from "node:path";
import { codeCache } from "./codeFacts.ts";
import { projectRoot } from "./projectRoot.ts";

export { projectRoot } from "./projectRoot.ts";

/**
 * Returns a digest of the code in these folders, without tests: results of other code are other results. Paths are the
 * project's, or absolute.
 */
export function sourcesHash(...folders: readonly (string | readonly string[])[]): string {
  const hash = createHash("sha256");
  const code = codeCache();
  const all = folders.flat().map((folder) => (isAbsolute(folder) ? folder : join(projectRoot, folder)));
  for (const folder of new Set(all))
    for (const file of sourceFiles(folder)) hash.update(`${relative(folder, file)} ${code.factsOf(file).sha256}\n`);
  code.store();
  return hash.digest("hex");
}

/** Returns source files without tests, hidden folders and node_modules: a plug-in from outside may lie in a project's root. */
function sourceFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return /^\.|^node_modules$/.test(entry.name) ? [] : sourceFiles(path);
    return entry.isFile() && /(?<!\.test)\.[cm]?[jt]s$/.test(entry.name) ? [path] : [];
  });
}
