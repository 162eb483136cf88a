// In JavaScript, because it is needed before TypeScript can be loaded. home.ts is for everybody else.
import { homedir } from "node:os";
import { join } from "node:path";

/** Returns the folder of built graphs and downloads: it is `SAM_BENCH_HOME`, else one in the platform's cache folder. */
export function homeFolder(env = process.env, platform = process.platform) {
  if (env.SAM_BENCH_HOME) return env.SAM_BENCH_HOME;
  if (platform === "win32") return join(env.LOCALAPPDATA ?? join(homedir(), "AppData", "Local"), "sam-bench");
  if (platform === "darwin") return join(homedir(), "Library", "Caches", "sam-bench");
  return join(env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "sam-bench");
}
