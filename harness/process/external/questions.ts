import { type Question, refusal, requireFrames } from "./answers.ts";
import { ChannelError, type Message, MessageReader, messageBytes } from "./messages.ts";

/** A channel is what questions go through: the descriptor of a program, or the connection of a page. */
export interface QuestionChannel {
  send(pieces: readonly Uint8Array[]): void;
  /** Is told why what came is no answer: nothing that comes after it can be understood. */
  broken(reason: string): void;
  /** Is told of an answer that says that it can not, before whoever asked is. */
  refused?(error: Error, answer: Message["fields"]): void;
}

interface Waiting {
  readonly reader: MessageReader;
  readonly resolve: (message: Message) => void;
  readonly reject: (error: Error) => void;
}

/** Asks one question at a time in the messages of variants/external/README.md, and takes nothing but the answer that is due. */
export class Questions {
  readonly #variant: string;
  readonly #channel: QuestionChannel;
  #asked = 0;
  #waiting: Waiting | undefined;

  constructor(variant: string, channel: QuestionChannel) {
    this.#variant = variant;
    this.#channel = channel;
  }

  /** Throws HarnessError with the answerer's own words where it says that it can not, and what `fail` was given. */
  async ask({ call, fields = {}, frames = [], expects = [] }: Question): Promise<Message> {
    if (this.#waiting !== undefined) throw new Error(`${call} is asked before the answer to the question before`);
    this.#asked += 1;
    const id = this.#asked;
    const answered = new Promise<Message>((resolve, reject) => {
      const reader = new MessageReader((answer, lengths) => requireFrames(answer, lengths, { id, call, expects }));
      this.#waiting = { reader, resolve, reject };
    });
    this.#channel.send(messageBytes({ fields: { id, call, ...fields }, frames }));
    const message = await answered;
    if (message.fields.ok === true) return message;
    const error = refusal(this.#variant, call, message.fields);
    this.#channel.refused?.(error, message.fields);
    throw error;
  }

  /** Takes bytes of the answer as they come. */
  take(bytes: Uint8Array): void {
    try {
      if (this.#waiting === undefined) throw new ChannelError("an answer that nothing was asked for");
      const message = this.#waiting.reader.take(bytes);
      if (message === undefined) return;
      const { resolve } = this.#waiting;
      this.#waiting = undefined;
      resolve(message);
    } catch (error) {
      if (!(error instanceof ChannelError)) throw error;
      this.#channel.broken(error.message);
    }
  }

  /** Tells whoever waits that no answer will come. */
  fail(error: Error): void {
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }
}
