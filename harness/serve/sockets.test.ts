import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { readImage } from "../image/index.ts";
import { MessageReader, messageBytes } from "../process/external/messages.ts";
import { isAlive, processesBelow } from "../web/fixtures/browserProcesses.ts";
import { watcher } from "./fixtures/testPage.ts";
import { prepareModel } from "./models.ts";
import { answerIn } from "./page/models/wire.ts";
import { planOfModels } from "./plan.ts";
import { answerOnce } from "./prompt.ts";
import { type ClickServer, servePage } from "./server.ts";
import { modelSockets } from "./sockets.ts";

let server: ClickServer;
let setup: Awaited<ReturnType<typeof prepareModel>>["setup"];
beforeAll(async () => {
  const plan = await planOfModels({ variants: "hq-sam-nano,sam-nano", threads: 1 }, 2);
  const prepared = await Promise.all(
    plan.chosen.map((chosen) => prepareModel({ plan, chosen, folder: "models/0/", runWords: "", watcher })),
  );
  setup = prepared[0]!.setup;
  expect(prepared.map(({ served: { place, reason } }) => [place, reason])).toEqual([
    ["harness", "no page takes the rules hq-sam yet"],
    ["page", undefined],
  ]);
  server = await servePage({ port: 0, contents: new Map(), sockets: modelSockets(new Map([["mine", setup]])) });
});
afterAll(() => server.close());

type Message = ReturnType<typeof answerOf>;

function answerOf(bytes: Buffer) {
  return new MessageReader(() => undefined).take(bytes)!;
}

/** Opens a connection as a page does; each call is answered by one message. */
async function connection() {
  const { origin } = new URL(server.address);
  const socket = new WebSocket(`${server.address.replace("http", "ws")}socket?model=mine`, { origin });
  await new Promise((resolve) => socket.once("open", resolve));
  const ask = (fields: object, frames: readonly Uint8Array[] = []) => {
    const answered = new Promise<Message>((resolve) =>
      socket.once("message", (bytes: Buffer) => resolve(answerOf(bytes))),
    );
    socket.send(Buffer.concat(messageBytes({ fields: { ...fields }, frames })));
    return answered;
  };
  return { socket, ask };
}

test("masks that come over a connection are those of bench predict, for a model that no page can load", async () => {
  const photo = await readImage("datasets/photos/images/000000122745.jpg");
  const { socket, ask } = await connection();
  expect((await ask({ call: "load" })).fields).toEqual({ ok: true, threads: 1 });
  const { fields } = await ask({ call: "encode", size: photo.size }, [photo.pixels]);
  expect(fields).toEqual({ ok: true, prepareMs: expect.any(Number), encodeMs: expect.any(Number) });
  const points = [{ x: 280, y: 180, label: 1 as const }];
  const answer = answerIn(await ask({ call: "decode", prompt: { points } }));
  const { chosen, tokens } = await answerOnce(setup, photo, { frame: "image", points });
  expect(answer).toMatchObject({ chosen, tokens });
  expect(answer.tokens[0]!.mask.size).toEqual(photo.size);
  const processes = () => processesBelow(process.pid, "clicked/process.mjs").filter((id) => isAlive(id)).length;
  expect(processes()).toBe(1);
  socket.close();
  await expect.poll(processes, { timeout: 10_000 }).toBe(0);
});

test("a question that is none is refused in words, and the next one is answered", async () => {
  const { socket, ask } = await connection();
  const said = async (fields: object, frames?: readonly Uint8Array[]) => (await ask(fields, frames)).fields.error;
  expect(await said({ call: "decode", prompt: { points: [] } })).toBe("a question before load");
  expect(await said({ call: "quit" })).toBe("no such call");
  expect(await said({ call: "load" }, [new Uint8Array(9)])).toBe("frames that are not asked for");
  const size = { height: 2, width: 2 };
  expect(await said({ call: "encode", size }, [new Uint8Array(11)])).toBe("frames of 11 bytes, and one of 12 is due");
  expect(await said({ call: "encode", size: { height: 2 ** 20, width: 2 ** 20 } })).toContain("a photo of more than");
  expect(await said({ call: "encode", size: { height: -1, width: 1 } })).toContain("size.height");
  await ask({ call: "load" });
  expect(await said({ call: "decode", prompt: { points: [] } })).toBe("a prompt before a photo");
  const badPoint = { points: [{ x: null, y: 1, label: 1 }] };
  expect(await said({ call: "decode", prompt: badPoint })).toContain("prompt.points.0.x");
  const badLabel = { points: [{ x: 1, y: 1, label: 2 }] };
  expect(await said({ call: "decode", prompt: badLabel })).toContain("prompt.points.0.label");
  const pixels = new Uint8Array(12);
  expect((await ask({ call: "encode", size }, [pixels])).fields.ok).toBe(true);
  socket.close();
});
