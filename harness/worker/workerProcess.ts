import type { ChildProcess } from "node:child_process";
import type { ModelSetup, WorkerSetup } from "../build/setup.ts";
import { HarnessError } from "../errors.ts";
import { limits } from "../limits.ts";
import type { Timing, Work } from "../measure/timing.ts";
import { isOwnModule } from "../plan/plugins/registry.ts";
import type { Answered, Calls, ChildUsage, Reply, Request } from "../process/calls.ts";
import { type Countdown, countdown, type Deadlines } from "../process/deadlines.ts";
import { type ChildOptions, spawnChild } from "../process/spawnChild.ts";
import type { PromptedCalls } from "./clicked/process.ts";
import type { ModelRunCalls } from "./machine/modelRuns.ts";
import type { ModelCalls } from "./modelMemory.ts";
import type { ProviderCalls } from "./providerError.ts";
import type { WorkerCalls } from "./worker.ts";

/** A variant is given up when its workers have died this often in a phase; the others go on. */
export const mostDeaths = 3;

/** A worker's process ended before it answered: it was killed, ran out of memory, crashed, or was ended for its silence. */
export class WorkerDied extends HarnessError {
  /** A signal, an exit code, or the time in which no answer came. */
  readonly reason: string;

  constructor(variant: string, reason: string) {
    super(`${variant}: its worker process ended (${reason})`, {
      hint: "if memory ran out, measure fewer variants or threads at a time; what is finished is kept, the same command goes on",
    });
    this.reason = reason;
  }
}

/** A call that the worker answered with an error; the worker goes on. */
export class WorkerFailed extends HarnessError {
  /** Stack of the error in the worker; it is absent where the worker threw a HarnessError. */
  readonly thrownAt: string | undefined;

  constructor({ message, hint, stack }: Extract<Reply, { ok: false }>) {
    super(message, { hint });
    this.thrownAt = stack;
  }
}

/** Writes an error in one line, for a note or a manifest. */
export function failureText({ message, hint }: HarnessError): string {
  return hint === undefined ? message : `${message}; ${hint}`;
}

/** Books the start, the calls and the end of a process as work of a phase. */
export interface ProcessTiming {
  readonly timing: Timing;
  readonly phase: "accuracy" | "latency" | "memory" | "provider" | "machine";
}

/**
 * Starts a worker and loads its graphs and data set. Throws WorkerDied, WorkerFailed where a foreign plug-in can not load its
 * graphs, and HarnessError for anything else that the user can mend.
 */
export async function startWorker(
  setup: WorkerSetup,
  deadlines: Deadlines,
  times?: ProcessTiming,
): Promise<Started<WorkerCalls>> {
  const options = {
    module: new URL("worker.mjs", import.meta.url),
    arguments: codeOf([...setup.plugins, setup.datasetPlugin, ...setup.protocolPlugins]),
    cpus: setup.cpus,
    deadlines,
    times,
  };
  return started(new WorkerProcess<WorkerCalls>(setup.variant, options), setup);
}

/** Starts a process that holds one model and later one image, to measure the model's memory. Throws as startWorker does. */
export async function startModelProcess(
  setup: ModelSetup,
  deadlines: Deadlines,
  times?: ProcessTiming,
): Promise<Started<ModelCalls>> {
  // The photo's bytes are sent as they are.
  const options = {
    module: new URL(isOwnProcess(setup) ? "modelMemory.mjs" : "external/photoMemory.mjs", import.meta.url),
    serialization: "advanced",
    cpus: setup.cpus,
    deadlines,
    times,
  } as const;
  return started(new WorkerProcess<ModelCalls>(setup.variant, options), modelOf(setup));
}

/** Starts a process that holds one model on the setup's provider, to compare it with the processor. Throws as startWorker does. */
export async function startProviderProcess(
  setup: ModelSetup,
  deadlines: Deadlines,
  times?: ProcessTiming,
): Promise<Started<ProviderCalls>> {
  return started(
    new WorkerProcess<ProviderCalls>(setup.variant, plainModel("providerError.mjs", setup, { deadlines, times })),
    modelOf(setup),
  );
}

/** Starts a process that times how it loads one model, and then runs it on one image. Throws as startWorker does. */
export async function startTimedModel(
  setup: ModelSetup,
  deadlines: Deadlines,
  times?: ProcessTiming,
): Promise<Started<ModelRunCalls>> {
  return started(
    new WorkerProcess<ModelRunCalls>(setup.variant, plainModel("machine/modelRuns.mjs", setup, { deadlines, times })),
    modelOf(setup),
  );
}

/** Starts a process that holds one model, and a photo that a person clicks in. Throws as startWorker does. */
export async function startPromptedModel(
  setup: ModelSetup,
  deadlines: Deadlines,
): Promise<WorkerProcess<PromptedCalls>> {
  const options = plainModel("clicked/process.mjs", setup, { deadlines, times: undefined });
  const { worker } = await started(new WorkerProcess<PromptedCalls>(setup.variant, options), modelOf(setup));
  return worker;
}

/** Returns the options of a process that holds one model and no data set. */
function plainModel(
  module: string,
  { plugins, cpus }: ModelSetup,
  watched: { readonly deadlines: Deadlines; readonly times: ProcessTiming | undefined },
) {
  return {
    module: new URL(module, import.meta.url),
    arguments: codeOf(plugins),
    serialization: "advanced",
    cpus,
    ...watched,
  } as const;
}

/** Returns what tells a worker whether it loads plug-ins from outside: compiled code is for the project's own. */
function codeOf(plugins: readonly string[]): readonly string[] {
  return plugins.every(isOwnModule) ? [] : ["foreign-plugins"];
}

/** Calls of a process that has to load graphs first. */
type Opening<All> = Calls<string & keyof All> & {
  readonly open: { readonly request: { readonly setup: ModelSetup }; readonly reply: object };
};

/** A process that has loaded its graphs, and its answer to that. */
interface Started<All extends Opening<All>> {
  readonly worker: WorkerProcess<All>;
  readonly opened: All["open"]["reply"];
}

async function started<All extends Opening<All>>(
  worker: WorkerProcess<All>,
  setup: All["open"]["request"]["setup"],
): Promise<Started<All>> {
  try {
    return { worker, opened: await worker.call("open", { setup }) };
  } catch (error) {
    // A worker without graphs would only keep this process alive.
    await worker.close();
    if (!(error instanceof WorkerFailed)) throw error;
    if (error.thrownAt !== undefined) throw new Error(`${setup.variant}: loading failed: ${error.thrownAt}`);
    throw setup.plugins.every(isOwnModule) && isOwnProcess(setup)
      ? new HarnessError(error.message, { hint: error.hint })
      : error;
  }
}

/** Tells whether a worker computes by itself, and asks no program and no browser. */
function isOwnProcess({ external, page }: ModelSetup): boolean {
  return external === undefined && page === undefined;
}

/** Returns the part of a worker's setup that a model's process needs: nothing about the data set. */
function modelOf(setup: ModelSetup): ModelSetup {
  const { variant, plugins, variantFiles, fileHints, graphs, runtime, sizes, external, page } = setup;
  return { variant, plugins, variantFiles, graphs, runtime, sizes, fileHints, external, page };
}

interface ProcessOptions extends ChildOptions {
  readonly deadlines: Deadlines;
  /** Receives what the process takes; nothing is booked where it is left out. */
  readonly times?: ProcessTiming | undefined;
}

/** The parent's side of a child process, which takes one call at a time and ends when this process ends, however that happens. */
export class WorkerProcess<All extends Calls<string & keyof All>> {
  readonly variant: string;
  readonly #child: ChildProcess;
  readonly #deadlines: Deadlines;
  readonly #exited: Promise<void>;
  readonly #times: ProcessTiming | undefined;
  readonly #spawnedMs = performance.now();
  /** What the process has used until its last reply; absent before the first. */
  #used: ChildUsage | undefined;
  /** Reason why the process ended or was ended. */
  #ended: string | undefined;
  #gone = false;

  constructor(variant: string, { deadlines, times, ...options }: ProcessOptions) {
    this.variant = variant;
    this.#deadlines = deadlines;
    this.#times = times;
    this.#child = spawnChild(options);
    this.#exited = new Promise((resolve) => {
      this.#child.once("exit", (code, signal) => {
        this.#gone = true;
        this.#ended ??= signal ?? `exit code ${code}`;
        resolve();
      });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /**
   * Calls the worker, and books the call as work of that kind; a first call is booked without the start of the process.
   * Throws WorkerFailed with the worker's message, and WorkerDied where it is gone or does not answer in time.
   */
  async call<Name extends string & keyof All>(
    call: Name,
    request: All[Name]["request"],
    work?: Work,
  ): Promise<All[Name]["reply"]> {
    const sentMs = performance.now();
    const reply = await this.#send({ call, request });
    this.#book(reply.usage, sentMs, work);
    if (!reply.ok && reply.ended !== undefined) {
      this.#ended = `the program that answers: ${reply.ended}`;
      await this.close();
      throw new WorkerDied(this.variant, this.#ended);
    }
    if (!reply.ok) throw new WorkerFailed(reply);
    return reply.value as All[Name]["reply"];
  }

  /** Lets the worker end; resolves when its memory is free again. */
  async close(): Promise<void> {
    if (this.#gone) return;
    if (this.#child.connected) this.#child.disconnect();
    else this.#child.kill();
    const patience = countdown(limits.closeMs, () => this.#child.kill("SIGKILL"));
    const fromMs = performance.now();
    await this.#exited;
    this.#times?.timing.book({ work: `${this.#times.phase}-end`, fromMs, toMs: performance.now() });
    patience.stop();
  }

  #book(usage: ChildUsage, sentMs: number, work: Work | undefined): void {
    const before = this.#used;
    this.#used = usage;
    if (this.#times === undefined) return;
    const { timing, phase } = this.#times;
    const { startMs, startCpuMs, cpuMs } = usage;
    const startedMs = this.#spawnedMs + startMs;
    if (before === undefined)
      timing.book({ work: `${phase}-start`, fromMs: this.#spawnedMs, toMs: startedMs, cpuMs: startCpuMs });
    timing.book({
      work: work ?? `${phase}-load`,
      fromMs: before === undefined ? startedMs : sentMs,
      toMs: performance.now(),
      cpuMs: cpuMs - (before?.cpuMs ?? startCpuMs),
    });
  }

  #send(request: Request): Promise<Answered> {
    return new Promise((resolve, reject) => {
      const died = () => {
        waiting?.stop();
        reject(new WorkerDied(this.variant, this.#ended!));
      };
      let waiting: Countdown | undefined;
      if (this.#ended !== undefined) return died();
      const allowedMs = this.#deadlines.allowedMs(request.call);
      waiting = countdown(allowedMs, () => {
        this.#ended = `no answer in ${Number((allowedMs / 1000).toPrecision(3))} s`;
        // A process that is stopped, or computes in native code, heeds no other signal.
        this.#child.kill("SIGKILL");
      });
      this.#child.once("exit", died);
      this.#child.once("message", (reply: Answered) => {
        this.#child.off("exit", died);
        waiting!.stop();
        if (reply.ok) this.#deadlines.took(request.call, waiting!.elapsedMs);
        resolve(reply);
      });
      this.#child.send(request, (error) => {
        // The pipe is closed: the exit event will bring the reason.
        if (error !== null) this.#child.kill("SIGKILL");
      });
    });
  }
}
