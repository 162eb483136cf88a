import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { SideBySide } from "./sideBySide.ts";

/** Tasks that end when they are told to; `said` has what they did, in order. */
function trial({ bytes = 100, most = 2 } = {}) {
  const said: string[] = [];
  const side = new SideBySide({ bytes, most });
  const add = (name: string, needed: number | undefined) => {
    let settle = (_error?: Error) => {};
    const ended = new Promise<void>((resolve, reject) => {
      settle = (error) => (error === undefined ? resolve() : reject(error));
    });
    side.add({
      bytes: needed,
      async run() {
        said.push(`${name} begins`);
        await ended;
        said.push(`${name} ends`);
      },
    });
    return async (error?: Error) => {
      settle(error);
      await turn();
    };
  };
  return { said, side, add };
}

test("two tasks go on at once, and the third begins when one of them ends", async () => {
  const { said, side, add } = trial();
  const [a, b, c] = [add("a", 10), add("b", 10), add("c", 10)];
  await b();
  await a();
  await c();
  await side.end();
  expect(said).toEqual(["a begins", "b begins", "b ends", "c begins", "a ends", "c ends"]);
});

test("tasks that do not fit into memory together go on one after the other, and so does one whose need is not known", async () => {
  const { said, side, add } = trial({ bytes: 100 });
  const [large, larger, unknown, small] = [
    add("large", 60),
    add("larger", 300),
    add("unknown", undefined),
    add("small", 1),
  ];
  for (const end of [large, larger, unknown, small]) await end();
  await side.end();
  const steps = ["large", "larger", "unknown", "small"].flatMap((name) => [`${name} begins`, `${name} ends`]);
  expect(said).toEqual(steps);
});

test("after an error no task begins, those under way end, and then it is thrown", async () => {
  const { said, side, add } = trial();
  const [a, b] = [add("a", 1), add("b", 1)];
  add("c", 1);
  await a(new Error("the disk is full"));
  let thrown = false;
  const ending = side.end().catch((error: Error) => {
    thrown = true;
    return error.message;
  });
  await turn();
  expect(thrown).toBe(false);
  await b();
  expect(await ending).toBe("the disk is full");
  add("d", 1);
  expect(said).toEqual(["a begins", "b begins", "b ends"]);
});

test("once it is stopped no task begins", async () => {
  const { said, side, add } = trial({ most: 1 });
  const a = add("a", 1);
  add("b", 1);
  const stopped = side.stop();
  await a();
  await stopped;
  expect(said).toEqual(["a begins", "a ends"]);
});
