import { HarnessError } from "../errors.ts";
import { processorMs } from "../measure/timing.ts";
import { ExternalEnded } from "./external/ended.ts";

/** Calls that a child process answers, by name. Requests and replies are plain data: they cross a process boundary. */
export type Calls<Names extends string> = Readonly<Record<Names, { readonly request: object; readonly reply: object }>>;

export interface Request {
  readonly call: string;
  readonly request: object;
}

export type Reply =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false;
      readonly message: string;
      readonly hint?: string | undefined;
      readonly stack?: string | undefined;
      /** Says how a foreign process ended that this child needs: without it the child is of no use. */
      readonly ended?: string | undefined;
    };

/** What a child has used so far; it comes with each reply. */
export interface ChildUsage {
  /** Time from the start of its process until it took its first call, and processor time until then. */
  readonly startMs: number;
  readonly startCpuMs: number;
  /** Processor time of its process until now. */
  readonly cpuMs: number;
}

export type Answered = Reply & { readonly usage: ChildUsage };

/** Functions that answer the calls, one for each. */
export type Answers<All extends Calls<string & keyof All>> = {
  readonly [Name in keyof All]: (request: All[Name]["request"]) => Promise<All[Name]["reply"]>;
};

/** Answers the parent's requests, one at a time, until it hangs up; then does what is left to do, and ends. */
export function answerRequests<All extends Calls<string & keyof All>>(
  answers: Answers<All>,
  atEnd: () => Promise<void> = async () => undefined,
): void {
  // Ctrl-C reaches the whole group of processes: the parent decides what ends, after the current image.
  process.on("SIGINT", () => undefined);
  process.on("disconnect", () => void atEnd().finally(() => process.exit(0)));
  let start: Pick<ChildUsage, "startMs" | "startCpuMs"> | undefined;
  process.on("message", ({ call, request }: Request) => {
    start ??= { startMs: performance.now(), startCpuMs: processorMs() };
    const usage = (): ChildUsage => ({ ...start!, cpuMs: processorMs() });
    answers[call as keyof All](request)
      .then((value): Reply => ({ ok: true, value }), failed)
      .then((reply) => process.send?.({ ...reply, usage: usage() } satisfies Answered));
  });
}

function failed(error: unknown): Reply {
  if (error instanceof ExternalEnded) return { ok: false, message: error.message, ended: error.ended };
  if (error instanceof HarnessError) return { ok: false, message: error.message, hint: error.hint };
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  process.stderr.write(`${stack ?? message}\n`);
  return { ok: false, message, stack };
}
