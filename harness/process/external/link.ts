import { limits } from "../../limits.ts";
import { visible } from "../../visible.ts";
import { countdown } from "../deadlines.ts";
import { type Question, refusal, requireFrames } from "./answers.ts";
import { ExternalEnded } from "./ended.ts";
import { type GroupCommand, type ProcessGroup, startGroup } from "./group.ts";
import { type GroupMemory, groupMemory } from "./groupMemory.ts";
import { ChannelError, type Message, MessageReader, messageBytes } from "./messages.ts";
import { missingPackage } from "./missingPackage.ts";

const defaults = {
  /** Characters of what a process printed that are kept, the last ones. */
  printedKept: 2000,
  /** An error shows this many of them. */
  printedShown: 300,
  /** A process that ends closes its channel a little before its end is known. */
  endsWithinMs: 1000,
};

interface Waiting {
  readonly id: number;
  readonly reader: MessageReader;
  readonly resolve: (message: Message) => void;
  readonly reject: (error: Error) => void;
}

/** The parent's side of the channel to a foreign process (variants/external/README.md) asks one question at a time. */
export class ExternalLink {
  readonly memory: GroupMemory;
  readonly #variant: string;
  readonly #group: ProcessGroup;
  readonly #closed: Promise<void>;
  #printed = "";
  #questions = 0;
  #waiting: Waiting | undefined;
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
    channel.on("data", (bytes: Uint8Array) => this.#take(bytes));
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
        this.#waiting?.reject(this.#endedError());
        this.#waiting = undefined;
        resolve();
      }),
    );
  }

  /**
   * Throws HarnessError with the process's own words where it says that it can not, and ExternalEnded where it is gone, or where
   * what comes is no answer: then it is ended.
   */
  async ask({ call, fields = {}, frames = [], expects = [] }: Question): Promise<Message> {
    if (this.#waiting !== undefined) throw new Error(`${call} is asked before the answer to the question before`);
    if (this.#reason !== undefined) {
      await this.#closed;
      throw this.#endedError();
    }
    this.#questions += 1;
    const id = this.#questions;
    const answered = new Promise<Message>((resolve, reject) => {
      const reader = new MessageReader((answer, lengths) => requireFrames(answer, lengths, { id, call, expects }));
      this.#waiting = { id, reader, resolve, reject };
    });
    for (const bytes of messageBytes({ fields: { id, call, ...fields }, frames })) this.#group.channel.write(bytes);
    const message = await answered;
    if (message.fields.ok === true) return message;
    throw refusal(this.#variant, call, message.fields);
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

  #take(bytes: Uint8Array): void {
    if (this.#reason !== undefined) return;
    try {
      if (this.#waiting === undefined) throw new ChannelError("an answer that nothing was asked for");
      const message = this.#waiting.reader.take(bytes);
      if (message === undefined) return;
      const { resolve } = this.#waiting;
      this.#waiting = undefined;
      resolve(message);
    } catch (error) {
      if (!(error instanceof ChannelError)) throw error;
      this.end(error.message);
    }
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
