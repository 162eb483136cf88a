import { type ChildProcess, fork } from "node:child_process";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";

export interface ChildOptions {
  /** The module that the child runs; the module calls watchParent of parentWatch.mjs. */
  readonly module: URL;
  readonly arguments?: readonly string[];
  /** The child's output and errors are shown or thrown away. */
  readonly output?: "inherit" | "ignore";
  readonly serialization?: "json" | "advanced";
  /** Options that Node itself takes, such as `--max-old-space-size=8192`. */
  readonly nodeOptions?: readonly string[];
  /** Logical processors that the child and its children are pinned to, as taskset takes them; all if left out. */
  readonly cpus?: string | undefined;
}

/** Starts a child process that ends when this process ends, however that happens. */
export function spawnChild(options: ChildOptions): ChildProcess {
  const { module, arguments: given = [], output = "inherit", serialization = "json", nodeOptions = [], cpus } = options;
  const child = fork(fileURLToPath(module), given, {
    // taskset becomes the program that it starts, so that pipes and process id are the child's.
    execPath: cpus === undefined ? process.execPath : "taskset",
    execArgv: [...(cpus === undefined ? [] : ["-c", cpus, process.execPath]), ...nodeOptions],
    serialization,
    // The last one is the pipe that parentWatch.mjs watches the other end of.
    stdio: ["ignore", output, output, "ipc", "pipe"],
  });
  // The pipe must not keep this process alive.
  (child.stdio[4] as Socket).unref();
  return child;
}
