import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { limits } from "../../limits.ts";
import { ExternalEnded } from "./ended.ts";
import { ExternalLink } from "./link.ts";

const speaker = JSON.stringify(new URL("fixtures/speaker.mjs", import.meta.url).href);

/** A link to a Node process that runs this code; `speak` and `write` are at hand. */
function linkTo(code: string, environment: Readonly<Record<string, string>> = {}): ExternalLink {
  const program = `import { answer, speak, write } from ${speaker}; ${code}`;
  return new ExternalLink("mine", { words: [process.execPath, "--input-type=module", "--eval", program], environment });
}

/** A process that has ended and that nobody has asked for yet is not alive. */
function isAlive(pid: number): boolean {
  const file = `/proc/${pid}/stat`;
  return existsSync(file) && !/\) Z /.test(readFileSync(file, "utf8"));
}

async function reasonOf(link: ExternalLink, expects: readonly number[] = []): Promise<string> {
  const error = await link.ask({ call: "question", expects }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ExternalEnded);
  return (error as ExternalEnded).message;
}

test("questions and answers with frames pass in both directions, and what libraries print does not disturb them", async () => {
  const link = linkTo(`speak({ question(fields, frames) {
    console.log("a line of a library");
    return { sum: fields.a + frames[0][1], frames: [frames[0].reverse()] };
  } });`);
  const answer = await link.ask({ call: "question", fields: { a: 3 }, frames: [Uint8Array.of(1, 2)], expects: [2] });
  expect(answer.fields.sum).toBe(5);
  expect(answer.frames).toEqual([Uint8Array.of(2, 1)]);
  await link.close();
});

test("a process that can not answer says why, and goes on", async () => {
  const link = linkTo(
    `let asked = 0; speak({ question() { if (asked++ === 0) throw new Error("no such layer\\u001b[2J"); return {}; } });`,
  );
  await expect(link.ask({ call: "question" })).rejects.toThrow("mine: question: no such layer\\x1b[2J");
  expect((await link.ask({ call: "question" })).fields.ok).toBe(true);
  await link.close();
});

test("a process that ends says how, with what it printed last, at the question and at every one after it", async () => {
  const link = linkTo(`speak({ question() { console.error("CUDA out of memory"); process.exit(3); } });`);
  const expected = "mine: its own process ended (exit code 3; it printed last: CUDA out of memory)";
  expect(await reasonOf(link)).toBe(expected);
  expect(await reasonOf(link)).toBe(expected);
  await link.close();
});

test.each([
  ["a line without end", `for (;;) write(Buffer.alloc(65536, 32));`, /a line of more than 1048576 bytes/],
  [
    "an answer to another question",
    `answer(99, {}); setInterval(() => {}, 1000);`,
    /an answer to another question, 99 and not 1/,
  ],
  [
    "another length than is due",
    `answer(1, { frames: [Buffer.alloc(5)] }); setInterval(() => {}, 1000);`,
    /frames of 5 bytes are announced, and 4 are due/,
  ],
  [
    "a length without bounds",
    `write(Buffer.from('{"id":1,"ok":true,"frames":[9007199254740991]}\\n')); setInterval(() => {}, 1000);`,
    /9007199254740991 bytes are announced/,
  ],
  [
    "text of a library on the channel",
    `write(Buffer.from("Downloading…\\n")); setInterval(() => {}, 1000);`,
    /not JSON: Downloading/,
  ],
  ["a closed channel", `(await import("node:fs")).closeSync(3); setInterval(() => {}, 1000);`, /closed the channel/],
])("%s ends the process with a reason", async (_, code, reason) => {
  const link = linkTo(code);
  expect(await reasonOf(link, [4])).toMatch(reason);
});

test("a second answer to one question ends the process", async () => {
  const link = linkTo(`speak({ question({ id }) { answer(id, {}); return {}; } });`);
  await link.ask({ call: "question" }).catch(() => undefined);
  expect(await reasonOf(link)).toMatch(/nothing was asked for|bytes behind|another question, 1 and not 2/);
});

test("endless printing neither blocks the process nor stays in memory", async () => {
  const link = linkTo(`speak({ question() {
    for (let i = 0; i < 2000; i++) { process.stdout.write("x".repeat(10000)); process.stderr.write("y".repeat(10000)); }
    return {};
  } });`);
  expect((await link.ask({ call: "question" })).fields.ok).toBe(true);
  await link.close();
});

test(
  "a process that does not heed its close is killed, children and all",
  async () => {
    const child = `spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]).pid`;
    const link = linkTo(`const { spawn } = await import("node:child_process");
    process.on("SIGTERM", () => undefined);
    speak({ question: () => ({ child: ${child} }), close: () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0) });`);
    const { child: pid } = (await link.ask({ call: "question" })).fields;
    await link.close();
    await expect.poll(() => isAlive(pid as number)).toBe(false);
  },
  4 * limits.closeMs,
);

test("the group's memory counts its children", async () => {
  const code = (name: string) => `const held = Buffer.alloc(200e6, 1); ${name}; setInterval(() => held[0]++, 1000)`;
  const link = linkTo(`const { spawn } = await import("node:child_process");
    speak({ question: () => new Promise((resolve) => {
      const child = spawn(process.execPath, ["-e", ${JSON.stringify(code("console.log('held')"))}]);
      child.stdout.once("data", () => resolve({}));
    }) });`);
  await link.ask({ call: "nothing" });
  link.memory.resetPeak();
  const before = link.memory.residentBytes();
  await link.ask({ call: "question" });
  expect(link.memory.peakBytes() - before).toBeGreaterThan(200e6);
  await link.close();
  // A killed child is gone a moment after its parent.
  await expect.poll(() => link.memory.residentBytes()).toBe(0);
});

test("the environment names the channel and carries what the command gives", async () => {
  const link = linkTo(
    `speak({ question: () => ({ threads: process.env.OMP_NUM_THREADS, fd: process.env.SAM_BENCH_FD }) });`,
    {
      OMP_NUM_THREADS: "2",
    },
  );
  expect((await link.ask({ call: "question" })).fields).toMatchObject({ threads: "2", fd: "3" });
  await link.close();
});
