import { HarnessError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { countdown } from "../../process/deadlines.ts";
import { spawnChild } from "../../process/spawnChild.ts";

/** Modules that this process has probed before: a command loads its plug-ins several times, and a probe starts a process. */
const harmless = new Set<string>();

/**
 * Loads modules in another process first. Throws HarnessError for a module that ends its process or never finishes loading:
 * here, it would end this process without a word, or hold it for ever.
 */
export async function probePlugins(files: readonly string[], allowedMs: number = limits.pluginLoadMs): Promise<void> {
  const unknown = files.filter((file) => !harmless.has(file));
  if (unknown.length === 0) return;
  const problem = await problemOf(unknown, allowedMs);
  if (problem !== undefined) throw problem;
  for (const file of unknown) harmless.add(file);
}

interface Progress {
  readonly loading?: string;
  readonly done?: true;
}

function problemOf(files: readonly string[], allowedMs: number): Promise<HarnessError | undefined> {
  const child = spawnChild({ module: new URL("pluginProbe.mjs", import.meta.url), arguments: files, output: "ignore" });
  return new Promise((resolve) => {
    let loading = files[0]!;
    let done = false;
    let late = false;
    const hang = () => {
      late = true;
      child.kill("SIGKILL");
    };
    let waiting = countdown(allowedMs, hang);
    child.on("message", (progress: Progress) => {
      loading = progress.loading ?? loading;
      done = progress.done ?? false;
      waiting.stop();
      waiting = countdown(allowedMs, hang);
    });
    child.once("exit", (code, signal) => {
      waiting.stop();
      if (done) resolve(undefined);
      else resolve(late ? hung(loading, allowedMs) : ended(loading, signal ?? `exit code ${code}`));
    });
  });
}

function hung(file: string, allowedMs: number): HarnessError {
  return new HarnessError(`${file}: the plug-in does not finish loading`, {
    found: `nothing after ${allowedMs / 1000} s`,
    hint: "does its top level wait for something, or compute without end?",
  });
}

function ended(file: string, how: string): HarnessError {
  return new HarnessError(`${file}: the plug-in ends the process while it loads`, {
    found: how,
    hint: "a plug-in throws what is wrong; does it call process.exit, or await what never comes?",
  });
}
