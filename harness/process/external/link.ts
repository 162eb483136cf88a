import { limits } from "../../limits.ts";
import { visible } from "../../visible.ts";
import { countdown } from "../deadlines.ts";
import type { Question } from "./answers.ts";
import { ExternalEnded } from "./ended.ts";
import { type GroupCommand, type ProcessGroup, startGroup } from "./group.ts";
import { type GroupMemory, groupMemory } from "./groupMemory.ts";
import type { Message } from "./messages.ts";
import { missingPackage } from "./missingPackage.ts";
import { Questions } from "./questions.ts";

const defaults = {
  /** Characters of what a process printed that are kept, the last ones. */
  printedKept: 2000,
  /** An error shows this many of them. */
  printedShown: 300,
  /** A process that ends closes its channel a little before its end is known. */
  endsWithinMs: 1000,
};

/** The parent's side of the channel to a foreign process (variants/external/README.md) asks one question at a time. */
export class ExternalLink {
  readonly memory: GroupMemory;
  readonly #variant: string;
  readonly #group: ProcessGroup;
  readonly #closed: Promise<void>;
  readonly #questions: Questions;
  #printed = "";
  /** Why it ended or was ended. */
  #reason: string | undefined;

  constructor(variant: string, command: GroupCommand) {
    this.#variant = variant;
    this.#group = startGroup(command);
    this.memory = groupMemory(this.#group.id);
    const { leader, channel, printed } = this.#group;
    for (const stream of printed)
      stream.on("data", (bytes) => {
        this.#printed = (this.#printed + bytes).slice(-defaults.printedKept);
      });
    this.#questions = new Questions(variant, {
      send(pieces) {
        for (const bytes of pieces) channel.write(bytes);
      },
      broken: (reason) => this.end(reason),
    });
    channel.on("data", (bytes: Uint8Array) => {
      if (this.#reason === undefined) this.#questions.take(bytes);
    });
    // A closed channel shows as the leader's end.
    channel.on("error", () => undefined);
    channel.once("close", () => setTimeout(() => this.end("it closed the channel"), defaults.endsWithinMs).unref());
    leader.once("error", () => undefined);
    leader.once("exit", (code, signal) => {
      this.#reason ??= signal ?? `exit code ${code}`;
      this.memory.stop();
      this.#group.end();
    });
    // Behind the exit: all that it printed has come by then.
    this.#closed = new Promise((resolve) =>
      leader.once("close", () => {
        this.#questions.fail(this.#endedError());
        resolve();
      }),
    );
  }

  /**
   * Throws HarnessError with the process's own words where it says that it can not, and ExternalEnded where it is gone, or where
   * what comes is no answer: then it is ended.
   */
  async ask(question: Question): Promise<Message> {
    if (this.#reason === undefined) return this.#questions.ask(question);
    await this.#closed;
    throw this.#endedError();
  }

  /** Asks it to end, and kills what has not ended in time. */
  async close(): Promise<void> {
    if (this.#reason === undefined) {
      const patience = countdown(limits.closeMs, () => this.#group.end());
      await this.ask({ call: "close" }).catch(() => undefined);
      this.#reason ??= "closed";
      this.#group.channel.end();
      await this.#closed;
      patience.stop();
    }
    await this.#closed;
  }

  /** Ends the process for this reason; whoever waits is told when it is gone. */
  end(reason: string): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#group.end();
  }

  #endedError(): ExternalEnded {
    const reason = visible(this.#reason ?? "unknown");
    const missing = missingPackage(this.#printed);
    if (missing !== undefined) return new ExternalEnded(this.#variant, `${reason}; ${visible(missing)}`);
    const said = visible(this.#printed.trim().slice(-defaults.printedShown));
    return new ExternalEnded(this.#variant, said === "" ? reason : `${reason}; it printed last: ${said}`);
  }
}
