import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { HarnessError } from "../errors.ts";
import type { CallName, Reply, Request, WorkerCalls, WorkerSetup } from "./worker.ts";

/** A variant whose worker died this often in a phase is ended; the others go on. */
export const mostDeaths = 3;

/** The worker's process ended before it answered: killed, out of memory, or crashed in native code. */
export class WorkerDied extends HarnessError {
  /** A signal or an exit code. */
  readonly reason: string;

  constructor(variant: string, reason: string) {
    super(`${variant}: its worker process ended (${reason})`, {
      hint: "if memory ran out, measure fewer variants or threads at a time; what is finished is kept, the same command goes on",
    });
    this.reason = reason;
  }
}

/** A call that the worker answered with an error; the worker goes on. */
export class WorkerFailed extends HarnessError {}

/** The parent's side of a worker. One call at a time. */
export class WorkerProcess {
  readonly variant: string;
  readonly #child: ChildProcess;
  #ended: string | undefined;

  constructor(variant: string) {
    this.variant = variant;
    this.#child = fork(fileURLToPath(new URL("worker.mjs", import.meta.url)), { execArgv: [] });
    this.#child.once("exit", (code, signal) => {
      this.#ended = signal ?? `exit code ${code}`;
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Loads graphs and dataset. Throws HarnessError where that is the user's to mend. */
  async open(setup: WorkerSetup): Promise<WorkerCalls["open"]["reply"]> {
    const reply = await this.#send({ call: "open", setup });
    if (reply.ok) return reply.value as WorkerCalls["open"]["reply"];
    // A worker without graphs is of no use, and would keep this process alive.
    await this.close();
    if (reply.stack !== undefined) throw new Error(`${this.variant}: loading failed: ${reply.stack}`);
    throw new HarnessError(reply.message, reply.hint === undefined ? {} : { hint: reply.hint });
  }

  /** Throws WorkerFailed with the worker's own message, WorkerDied when the process is gone. */
  async call<Name extends Exclude<CallName, "open">>(
    call: Name,
    request: WorkerCalls[Name]["request"],
  ): Promise<WorkerCalls[Name]["reply"]> {
    const reply = await this.#send({ call, ...request } as Request);
    if (!reply.ok) throw new WorkerFailed(reply.message, reply.hint === undefined ? {} : { hint: reply.hint });
    return reply.value as WorkerCalls[Name]["reply"];
  }

  /** Lets the worker end; resolves when its memory is free again. */
  async close(): Promise<void> {
    if (this.#ended !== undefined) return;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    if (this.#child.connected) this.#child.disconnect();
    else this.#child.kill();
    await ended;
  }

  #send(request: Request): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) {
        reject(new WorkerDied(this.variant, this.#ended));
        return;
      }
      const exited = (code: number | null, signal: string | null) =>
        reject(new WorkerDied(this.variant, signal ?? `exit code ${code}`));
      this.#child.once("exit", exited);
      this.#child.once("message", (reply: Reply) => {
        this.#child.off("exit", exited);
        resolve(reply);
      });
      this.#child.send(request, (error) => {
        if (error !== null) reject(new WorkerDied(this.variant, error.message));
      });
    });
  }
}
