import { type ChildProcess, fork } from "node:child_process";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";

export interface ChildOptions {
  /** It calls watchParent of parentWatch.mjs. */
  readonly module: URL;
  readonly arguments?: readonly string[];
  /** Whether what it prints is seen. */
  readonly output?: "inherit" | "ignore";
  readonly serialization?: "json" | "advanced";
}

/** Starts a child process that ends when this process ends, however that happens. */
export function spawnChild(options: ChildOptions): ChildProcess {
  const { module, arguments: given = [], output = "inherit", serialization = "json" } = options;
  const child = fork(fileURLToPath(module), given, {
    execArgv: [],
    serialization,
    // The last one is the pipe that parentWatch.mjs watches the other end of.
    stdio: ["ignore", output, output, "ipc", "pipe"],
  });
  // It must not keep this process alive.
  (child.stdio[4] as Socket).unref();
  return child;
}
