import type { RgbImage } from "../../../api.ts";
import { HarnessError } from "../../../errors.ts";
import { type Message, MessageReader } from "../../../process/external/messages.ts";
import type { AskedPrompt } from "../contract.ts";
import { type ModelCalls, type ModelLink, Waiting } from "./link.ts";
import { answerIn, oneMessage } from "./wire.ts";

/** Connects to the harness, whose worker computes for a model. Questions wait until the connection is open. */
export function socketLink(model: string): ModelLink {
  const address = new URL(`socket?model=${encodeURIComponent(model)}`, location.href);
  address.protocol = address.protocol.replace("http", "ws");
  const socket = new WebSocket(address);
  socket.binaryType = "arraybuffer";
  const opened = new Promise<void>((resolve) => socket.addEventListener("open", () => resolve(), { once: true }));
  const waiting = new Waiting();
  socket.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
    const message = messageIn(data);
    const { ok, error, hint } = message.fields;
    if (ok === true) waiting.answer(message);
    else waiting.refuse(new HarnessError(String(error), { hint: typeof hint === "string" ? hint : undefined }));
  };
  socket.onclose = () =>
    waiting.end(
      new HarnessError(`${model}: the connection to the harness is lost`, { hint: "is bench serve still running?" }),
    );
  return {
    async ask<Name extends keyof ModelCalls>(call: Name, request: ModelCalls[Name]["request"]) {
      const message = await waiting.next<Message>(() => {
        void opened.then(() => socket.send(oneMessage(questionOf(call, request))));
      });
      return replyIn(call, message) as ModelCalls[Name]["reply"];
    },
    close() {
      socket.close();
      waiting.end(new HarnessError(`${model}: was closed`));
    },
  };
}

function questionOf(call: keyof ModelCalls, request: ModelCalls[keyof ModelCalls]["request"]): Message {
  if (call === "load") return { fields: { call }, frames: [] };
  if (call === "decode") return { fields: { call, prompt: request as AskedPrompt }, frames: [] };
  const { size, pixels } = request as RgbImage;
  return { fields: { call, size }, frames: [pixels] };
}

function replyIn(call: keyof ModelCalls, message: Message): unknown {
  if (call === "decode") return answerIn(message);
  const { ok: _, ...facts } = message.fields;
  return facts;
}

/** The harness is this page's own server: its messages are taken as they are. */
function messageIn(data: ArrayBuffer): Message {
  const message = new MessageReader(() => undefined).take(new Uint8Array(data));
  if (message === undefined) throw new Error("a message that is not whole");
  return message;
}
