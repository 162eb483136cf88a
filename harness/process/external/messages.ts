import { limits } from "../../limits.ts";

/** A line of JSON and the bytes behind it, as both sides of the channel write them (variants/external/README.md). */
export interface Message {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly frames: readonly Uint8Array[];
}

/** The bytes of a message: its line, with the lengths of its frames, and each frame. */
export function messageBytes({ fields, frames }: Message): readonly Uint8Array[] {
  const line = JSON.stringify({ ...fields, frames: frames.map((frame) => frame.length) });
  return [new TextEncoder().encode(`${line}\n`), ...frames];
}

/** Bytes that are no message, or not the one that is due: nothing that comes after them can be understood. */
export class ChannelError extends Error {}

/** Rule about the frames that may follow a line. Throws ChannelError for others, before a byte of them is read. */
export type FrameRule = (fields: Message["fields"], lengths: readonly number[]) => void;

/** Takes a message's bytes as they come, in pieces of any size. No more is held than a line and the frames that the rule allows. */
export class MessageReader {
  readonly #rule: FrameRule;
  #line: Uint8Array[] = [];
  #lineBytes = 0;
  #fields: Message["fields"] | undefined;
  #frames: Uint8Array[] = [];
  #filled = 0;

  constructor(rule: FrameRule) {
    this.#rule = rule;
  }

  /** Returns the message where these bytes complete it. Throws ChannelError. */
  take(bytes: Uint8Array): Message | undefined {
    let rest = bytes;
    if (this.#fields === undefined) {
      const end = rest.indexOf(lineEnd);
      this.#addToLine(end < 0 ? rest : rest.subarray(0, end));
      if (end < 0) return undefined;
      this.#readLine();
      rest = rest.subarray(end + 1);
    }
    rest = this.#fillFrames(rest);
    if (this.#unfilled() !== undefined) return undefined;
    if (rest.length > 0) throw new ChannelError(`${rest.length} bytes behind the end of the answer`);
    return { fields: this.#fields!, frames: this.#frames };
  }

  #addToLine(bytes: Uint8Array): void {
    this.#lineBytes += bytes.length;
    if (this.#lineBytes > limits.externalLineBytes)
      throw new ChannelError(`a line of more than ${limits.externalLineBytes} bytes`);
    // A copy: the piece may be a part of a buffer that is used again.
    this.#line.push(bytes.slice());
  }

  #readLine(): void {
    const text = new TextDecoder().decode(joined(this.#line, this.#lineBytes));
    this.#line = [];
    const { frames = [], ...fields } = objectOf(text);
    const lengths = frames as readonly unknown[];
    if (!Array.isArray(lengths) || !lengths.every((length) => Number.isSafeInteger(length) && (length as number) >= 0))
      throw new ChannelError("frames is no list of lengths");
    this.#rule(fields, lengths as readonly number[]);
    this.#fields = fields;
    this.#frames = (lengths as readonly number[]).map((length) => new Uint8Array(length));
  }

  /** Returns what is left behind the last frame. */
  #fillFrames(bytes: Uint8Array): Uint8Array {
    let rest = bytes;
    for (let frame = this.#unfilled(); frame !== undefined && rest.length > 0; frame = this.#unfilled()) {
      const part = rest.subarray(0, frame.bytes.length - frame.filled);
      frame.bytes.set(part, frame.filled);
      this.#filled += part.length;
      rest = rest.subarray(part.length);
    }
    return rest;
  }

  /** The first frame that is not full yet, and how far it is. */
  #unfilled(): { readonly bytes: Uint8Array; readonly filled: number } | undefined {
    let before = 0;
    for (const bytes of this.#frames) {
      if (this.#filled < before + bytes.length) return { bytes, filled: this.#filled - before };
      before += bytes.length;
    }
    return undefined;
  }
}

const lineEnd = 10;

/** Joins pieces without Buffer, which web pages lack: they read messages by this file too. */
function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ChannelError(`a line that is not JSON: ${text.slice(0, 80)}`);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw new ChannelError(`a line that is no object: ${text.slice(0, 80)}`);
}
