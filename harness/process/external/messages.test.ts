import { expect, test } from "vitest";
import { limits } from "../../limits.ts";
import { ChannelError, type Message, MessageReader, messageBytes } from "./messages.ts";

const bytesOf = (message: Message) => Buffer.concat(messageBytes(message));
const anyFrames = () => undefined;

test("a message is the same in one piece and in pieces of one byte, line and frames", () => {
  const message: Message = {
    fields: { id: 7, text: "ü" },
    frames: [Uint8Array.of(10, 13, 0), new Uint8Array(0), Uint8Array.of(9)],
  };
  const whole = bytesOf(message);
  expect(new MessageReader(anyFrames).take(whole)).toEqual(message);
  const reader = new MessageReader(anyFrames);
  for (const byte of whole.subarray(0, -1)) expect(reader.take(Uint8Array.of(byte))).toBeUndefined();
  expect(reader.take(whole.subarray(-1))).toEqual(message);
});

test("a piece that is used again changes nothing of what was read", () => {
  const message: Message = { fields: { id: 1 }, frames: [Uint8Array.of(1, 2, 3)] };
  const piece = new Uint8Array(bytesOf(message));
  const half = piece.slice(0, 6);
  const reader = new MessageReader(anyFrames);
  reader.take(half);
  half.fill(0);
  expect(reader.take(piece.subarray(6))).toEqual(message);
});

test("a line without end is refused at its bound, whether its end is in sight or not", () => {
  const long = new Uint8Array(limits.externalLineBytes + 1).fill(32);
  expect(() => new MessageReader(anyFrames).take(long)).toThrow(ChannelError);
  expect(() => new MessageReader(anyFrames).take(Buffer.concat([long, Buffer.from("\n")]))).toThrow(
    /a line of more than/,
  );
});

test.each([
  ["no JSON", "Loading checkpoint shards\n", /not JSON: Loading/],
  ["a list", "[1]\n", /no object/],
  ["null", "null\n", /no object/],
  ["frames of no length", '{"frames":[-1]}\n', /list of lengths/],
  ["frames that are a text", '{"frames":"100"}\n', /list of lengths/],
  ["more than the answer", '{"frames":[1]}\nab', /1 bytes behind the end/],
])("%s is refused", (_, text, reason) => {
  expect(() => new MessageReader(anyFrames).take(Buffer.from(text))).toThrow(reason);
});

test("the rule sees the lengths before a byte is allocated", () => {
  const reader = new MessageReader((fields, lengths) => {
    throw new ChannelError(`${fields.id}: ${lengths}`);
  });
  expect(() => reader.take(Buffer.from('{"id":3,"frames":[9007199254740991]}\n'))).toThrow("3: 9007199254740991");
});
