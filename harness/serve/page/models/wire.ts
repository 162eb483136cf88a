import type { Size } from "../../../api.ts";
import { type Message, messageBytes } from "../../../process/external/messages.ts";
import type { ModelAnswer } from "../contract.ts";

/** Messages between a page and the harness: each is one message of a WebSocket, a line of JSON and frames of bytes behind it. */

/** Returns a message as one piece of bytes. */
export function oneMessage(message: Message): Uint8Array<ArrayBuffer> {
  const pieces = messageBytes(message);
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Writes an answer: the run lengths of each token's mask are a frame of 32-bit numbers. */
export function answerMessage({ tokens, ...answer }: ModelAnswer): Message {
  const size = tokens[0]!.mask.size;
  const predictedIou = tokens.map((token) => token.predictedIou ?? null);
  return {
    fields: { ...answer, size, predictedIou },
    frames: tokens.map(({ mask: { counts } }) => new Uint8Array(counts.buffer, counts.byteOffset, counts.byteLength)),
  };
}

/** Reads an answer that answerMessage wrote. */
export function answerIn({ fields, frames }: Message): ModelAnswer {
  const { size, predictedIou, chosen, decodeMs, upscaleMs } = fields as unknown as Omit<ModelAnswer, "tokens"> & {
    readonly size: Size;
    readonly predictedIou: readonly (number | null)[];
  };
  const tokens = frames.map((frame, i) => ({
    mask: { size, counts: new Uint32Array(frame.slice().buffer) },
    predictedIou: predictedIou[i] ?? undefined,
  }));
  return { tokens, chosen, decodeMs, upscaleMs };
}
