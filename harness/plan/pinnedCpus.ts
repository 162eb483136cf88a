import { existsSync } from "node:fs";
import { platform } from "node:os";
import { delimiter, join } from "node:path";
import { HarnessError } from "../errors.ts";
import { usableCores } from "../measure/machine/cgroup.ts";
import { allowedCpus, formatCpus, parseCpus } from "../measure/machine/cpus.ts";
import { atLeast, type RunFlags } from "./runFlags.ts";

/** Says what the processes of a plan compute with. */
export interface Processors {
  readonly threads: number;
  /** Logical processors that the processes are pinned to, as a list in its one spelling; absent where they are not pinned. */
  readonly cpus?: string | undefined;
}

/** Facts of the machine, which tests replace. */
interface Machine {
  /** Folder that stands for `/`. */
  readonly root?: string;
  readonly system?: NodeJS.Platform;
  readonly path?: string;
}

/**
 * Returns the threads of the runtime and the processors that they are pinned to. Without `--threads` there is a thread for each
 * processor, or for each core of a container's quota where that is less. Throws HarnessError for processors that can not be had.
 */
export function processorsOf({ cpus: text, threads }: RunFlags, machine: Machine = {}): Processors {
  const pinned = text === undefined ? undefined : pinnedCpus(text, machine);
  const cores = usableCores(machine.root, pinned?.length);
  return {
    threads: atLeast(1, "--threads", threads ?? cores),
    cpus: pinned && formatCpus(pinned),
  };
}

function pinnedCpus(
  text: string,
  { root, system = platform(), path = process.env.PATH ?? "" }: Machine,
): readonly number[] {
  const cpus = parseCpus(text);
  if (cpus === undefined)
    throw new HarnessError("--cpus: no list of processors", { found: text, expected: "such as 0-7 or 0,2,4" });
  if (system !== "linux")
    throw new HarnessError("--cpus: pins with taskset, which Linux alone has", {
      found: system,
      hint: "leave it out; --threads limits how many processors compute",
    });
  const allowed = allowedCpus(root);
  const outside = cpus.filter((cpu) => allowed?.includes(cpu) === false);
  if (outside.length > 0)
    throw new HarnessError("--cpus: processors that this process may not use", {
      found: formatCpus(outside),
      expected: `some of ${formatCpus(allowed!)}`,
    });
  if (!path.split(delimiter).some((folder) => folder !== "" && existsSync(join(folder, "taskset"))))
    throw new HarnessError("--cpus: needs taskset, and none is on the PATH", {
      hint: "install util-linux, which has it, or leave --cpus out",
    });
  return cpus;
}
