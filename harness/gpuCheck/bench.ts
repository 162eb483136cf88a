import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Ended } from "./runSteps.ts";

const program = fileURLToPath(new URL("../bench.mjs", import.meta.url));

/**
 * Runs a command line of `bench` in a process of its own: the libraries of a GPU may end a process. `tell` receives the lines of its
 * standard error.
 */
export async function runBench(words: readonly string[], tell: (line: string) => void): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...words], { stdio: ["ignore", "ignore", "pipe"] });
  let last = "";
  const lines = createInterface({ input: child.stderr });
  lines.on("line", (text) => {
    if (text.trim() === "") return;
    last = text.trim();
    tell(last);
  });
  const read = once(lines, "close");
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  await read;
  return code === null ? { code: 1, last: `its process ended (${signal})` } : { code, last };
}
