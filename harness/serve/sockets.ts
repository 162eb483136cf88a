import { z } from "zod";
import type { Prompt } from "../api.ts";
import type { ModelSetup } from "../build/setup.ts";
import { HarnessError } from "../errors.ts";
import { checked } from "../foreign.ts";
import { limits } from "../limits.ts";
import { Deadlines } from "../process/deadlines.ts";
import { ChannelError, type Message, MessageReader } from "../process/external/messages.ts";
import type { PageSocket, SocketListener } from "../web/socket.ts";
import type { PromptedCalls } from "../worker/clicked/process.ts";
import { startPromptedModel, type WorkerProcess } from "../worker/workerProcess.ts";
import { answerMessage, oneMessage } from "./page/models/wire.ts";

/** Connections of pages to models that the harness computes. */
export interface ModelSockets {
  /** Bytes of a message at most. */
  readonly maxBytes: number;
  /** Tells whether an address names a model that is computed here. */
  knows(url: string): boolean;
  opened(socket: PageSocket, url: string): SocketListener;
  close(): Promise<void>;
}

type ModelProcess = WorkerProcess<PromptedCalls>;

/** A finite number: the schema takes no other. */
const px = z.number();

/** Fields of the questions, by their calls. A page of a browser is no part of this program: what it sends is checked. */
const questions = {
  encode: z.object({ size: z.object({ height: z.int().positive(), width: z.int().positive() }) }),
  decode: z.object({
    prompt: z.object({
      points: z.array(z.object({ x: px, y: px, label: z.literal([0, 1]) })).max(1000),
      box: z.object({ x0: px, y0: px, x1: px, y1: px }).optional(),
    }),
  }),
} as const;

/** Returns what answers for these models: each connection has a process of its own, which ends with it. */
export function modelSockets(setups: ReadonlyMap<string, ModelSetup>): ModelSockets {
  const connections = new Map<PageSocket, Connection>();
  const setupAt = (url: string) => {
    const [path, search] = url.split("?");
    return path === "/socket" ? setups.get(new URLSearchParams(search).get("model") ?? "") : undefined;
  };
  return {
    maxBytes: 3 * limits.imagePixels + limits.externalLineBytes,
    knows: (url) => setupAt(url) !== undefined,
    opened(socket, url) {
      const connection = new Connection(setupAt(url)!, socket);
      connections.set(socket, connection);
      return {
        message: (bytes) => connection.take(bytes),
        closed() {
          connections.delete(socket);
          void connection.close();
        },
      };
    },
    async close() {
      const open = [...connections];
      for (const [socket] of open) socket.close();
      await Promise.all(open.map(([, connection]) => connection.close()));
    },
  };
}

/** One page's model: its questions are answered one after the other. */
class Connection {
  readonly #setup: ModelSetup;
  readonly #socket: PageSocket;
  #process: Promise<ModelProcess> | undefined;
  #turn: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(setup: ModelSetup, socket: PageSocket) {
    this.#setup = setup;
    this.#socket = socket;
  }

  take(bytes: Uint8Array): void {
    this.#turn = this.#turn.then(async () => {
      const answer = await this.#answered(bytes);
      if (!this.#closed) this.#socket.send(oneMessage(answer));
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    // A model that does not load is told to whoever asked for it.
    const process = await this.#process?.catch(() => undefined);
    await process?.close();
  }

  async #answered(bytes: Uint8Array): Promise<Message> {
    try {
      const { fields, frames } = await this.#answer(questionIn(bytes));
      return { fields: { ...fields, ok: true }, frames };
    } catch (error) {
      const hint = error instanceof HarnessError ? error.hint : undefined;
      return { fields: { ok: false, error: error instanceof Error ? error.message : String(error), hint }, frames: [] };
    }
  }

  async #answer({ fields, frames }: Message): Promise<Message> {
    switch (fields.call) {
      case "load": {
        this.#process ??= startPromptedModel(this.#setup, new Deadlines());
        await this.#process;
        return { fields: { threads: this.#setup.runtime.threads }, frames: [] };
      }
      case "encode": {
        const { size } = checked(questions.encode, fields, "encode");
        const times = await (await this.#loaded()).call("encode", { photo: { size, pixels: frames[0]! } });
        return { fields: { ...times }, frames: [] };
      }
      case "decode": {
        const { prompt } = checked(questions.decode, fields, "decode");
        const asked: Prompt<"image"> = { frame: "image", ...prompt };
        return answerMessage(await (await this.#loaded()).call("decode", { prompt: asked }));
      }
      default:
        throw new ChannelError("no such call");
    }
  }

  #loaded(): Promise<ModelProcess> {
    if (this.#process === undefined) throw new ChannelError("a question before load");
    return this.#process;
  }
}

/** Reads a question. Throws ChannelError for other frames than the photo's pixels, before one is read. */
function questionIn(bytes: Uint8Array): Message {
  const reader = new MessageReader((fields, lengths) => {
    if (fields.call !== "encode") {
      if (lengths.length > 0) throw new ChannelError("frames that are not asked for");
      return;
    }
    const { size } = checked(questions.encode, fields, "encode");
    const pixels = size.height * size.width;
    if (pixels > limits.imagePixels) throw new ChannelError(`a photo of more than ${limits.imagePixels} pixels`);
    if (lengths.length !== 1 || lengths[0] !== 3 * pixels)
      throw new ChannelError(`frames of ${lengths.join(", ")} bytes, and one of ${3 * pixels} is due`);
  });
  const message = reader.take(bytes);
  if (message === undefined) throw new ChannelError("a question that is not whole");
  return message;
}
