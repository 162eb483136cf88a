import { HarnessError, Stopped } from "../errors.ts";
import { Deadlines } from "../process/deadlines.ts";
import { WorkerDied, WorkerProcess } from "../worker/workerProcess.ts";
import type { DiffRequest, GraphSide } from "./request.ts";
import type { RunSetup, SideCalls } from "./sideProcess.ts";

type SideName = "a" | "b";

/** Runs the graphs of a diff, one at a time, each in a process that gives its memory back. */
export class GraphRuns {
  readonly #request: DiffRequest;
  #done = 0;
  #peakBytes = 0;
  #openBytes = 0;

  constructor(request: DiffRequest) {
    this.#request = request;
  }

  /** Highest memory of a process so far. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** Highest memory of a process so far that had its graph open and did not run. */
  get openBytes(): number {
    return this.#openBytes;
  }

  get done(): number {
    return this.#done;
  }

  /**
   * Asks a side's process for one thing. `expected` counts the runs that are left, this one among them. Throws Stopped after
   * Ctrl-C, and HarnessError where the runtime refuses the graph or the process dies.
   */
  async call<Name extends keyof SideCalls>(
    side: SideName,
    call: Name,
    asked: Asked,
  ): Promise<SideCalls[Name]["reply"]> {
    const { signal, observer, folder, inputs, threads } = this.#request;
    if (signal.aborted) throw new Stopped("stopped before the end", { hint: "a diff keeps nothing; run it again" });
    const { name, signature, provider } = this.#request[side];
    observer.runs(this.#done, this.#done + asked.left, `${asked.what}, ${name}`);
    const { names, inner, optimisation } = asked;
    const setup: RunSetup = {
      file: signature.file,
      // What is only looked at needs no other provider, and integers of sizes may have no operators there.
      provider: call === "survey" ? "cpu" : provider,
      threads,
      feeds: inputs[side],
      folder,
      optimisation,
    };
    const reply = await answered(this.#request[side], (worker) => worker.call(call, { setup, names, inner }));
    this.#done += 1;
    this.#peakBytes = Math.max(this.#peakBytes, reply.peakBytes);
    this.#openBytes = Math.max(this.#openBytes, reply.openBytes);
    observer.runs(this.#done, this.#done + asked.left - 1, `${asked.what}, ${name}`);
    return reply;
  }
}

export interface Asked {
  readonly names: readonly string[];
  /** Holds the names that are no outputs of the graph. */
  readonly inner: readonly string[];
  readonly optimisation: RunSetup["optimisation"];
  /** Says in progress what the run is for. */
  readonly what: string;
  /** Runs that are left, this one among them. */
  readonly left: number;
}

async function answered<T>({ name }: GraphSide, ask: (worker: WorkerProcess<SideCalls>) => Promise<T>): Promise<T> {
  const worker = new WorkerProcess<SideCalls>(name, {
    module: new URL("sideProcess.mjs", import.meta.url),
    serialization: "advanced",
    deadlines: new Deadlines(),
  });
  try {
    return await ask(worker);
  } catch (error) {
    if (!(error instanceof WorkerDied)) throw error;
    throw new HarnessError(`${name}: the process that runs it ended`, {
      found: error.reason,
      hint: "if memory ran out, give less with --memory, or close other programs",
      cause: error,
    });
  } finally {
    await worker.close();
  }
}
