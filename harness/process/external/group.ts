import { type ChildProcess, spawn } from "node:child_process";
import type { Duplex, Readable, Writable } from "node:stream";

/**
 * Waits in a process of its own, in a session of its own: the first line is a process group, and whoever wrote it is gone when
 * the next is the end of input. Then the group is killed, whatever it computes. A second line says that the group has ended.
 */
const guardScript = "read -r group || exit 0; read -r ended && exit 0; kill -s KILL -- -$group";

/** Waits until the guard knows the group, then becomes the command; one whose parent is gone before that does not begin. */
const beginScript = 'read -r begin || exit 1; exec "$@" </dev/null';

export interface GroupCommand {
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** A foreign program that leads a process group of its own; nothing of the group outlives this process. */
export interface ProcessGroup {
  /** The leader's process id, which is the group's as well. */
  readonly id: number;
  readonly leader: ChildProcess;
  /** Both directions. */
  readonly channel: Duplex;
  /** Output and errors that its libraries print. */
  readonly printed: readonly Readable[];
  /** Kills what is left of the group and lets the guard go. */
  end(): void;
}

/** The descriptor by which the program finds the channel. */
const channelDescriptor = 3;

/** Starts the command and its guard. Throws where the system starts no process. */
export function startGroup({ words, environment }: GroupCommand): ProcessGroup {
  const guard = spawn("/bin/sh", ["-c", guardScript], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  const leader = spawn("/bin/sh", ["-c", beginScript, "sh", ...words], {
    detached: true,
    stdio: ["pipe", "pipe", "pipe", "pipe"],
    env: { ...process.env, ...environment, SAM_BENCH_FD: String(channelDescriptor) },
  });
  const { pid } = leader;
  if (pid === undefined || guard.pid === undefined) throw new Error("no process could be started");
  const input = leader.stdin as Writable;
  const toGuard = guard.stdin as Writable;
  for (const each of [input, toGuard]) each.on("error", () => undefined);
  toGuard.write(`${pid}\n`);
  input.end("begin\n");
  guard.unref();
  return {
    id: pid,
    leader,
    channel: leader.stdio[channelDescriptor] as Duplex,
    printed: [leader.stdout as Readable, leader.stderr as Readable],
    end() {
      killGroup(pid);
      toGuard.end("ended\n");
    },
  };
}

/** A group that is gone already needs no end. */
function killGroup(id: number): void {
  try {
    process.kill(-id, "SIGKILL");
  } catch {
    return;
  }
}
