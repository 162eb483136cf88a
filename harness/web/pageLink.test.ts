import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ExternalEnded } from "../process/external/ended.ts";
import { findBrowser } from "./browser.ts";
import { isAlive, processesBelow } from "./fixtures/browserProcesses.ts";
import { PageLink } from "./pageLink.ts";

/** A worker that answers each question with its frames. */
const echo = `
const socket = new WebSocket(new URL("questions", location.href.replace("http", "ws")));
socket.binaryType = "arraybuffer";
let asked;
let frames = [];
socket.onmessage = ({ data }) => {
  if (asked === undefined) asked = JSON.parse(new TextDecoder().decode(data));
  else frames.push(new Uint8Array(data));
  if (frames.length < asked.frames.length) return;
  const { id, call } = asked;
  const answer = {
    id: call === "mistake" ? id + 1 : id,
    ok: call !== "refuse" && call !== "fatal",
    error: "no such layer",
    fatal: call === "fatal",
    isolated: crossOriginIsolated,
    frames: frames.map(({ length }) => length),
  };
  socket.send(new TextEncoder().encode(JSON.stringify(answer) + "\\n"));
  const piece = call === "flood" ? 2 ** 17 : 2 ** 16;
  for (const frame of frames)
    for (let at = 0; at < frame.length; at += piece) socket.send(frame.subarray(at, at + piece));
  asked = undefined;
  frames = [];
};
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-link-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function linkTo(script: string): Promise<PageLink> {
  const file = join(folder, "worker.js");
  writeFileSync(file, script);
  return PageLink.open("mine", new Map([["worker.js", file]]));
}

const inBrowser = test.skipIf(findBrowser() === undefined);

async function reasonOf(asked: Promise<unknown>): Promise<string> {
  const error = await asked.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ExternalEnded);
  return (error as ExternalEnded).ended;
}

inBrowser("questions and answers with frames pass in both directions, and the page may share memory", async () => {
  const link = await linkTo(echo);
  const pixels = new Uint8Array(3_000_000).fill(7);
  const { fields, frames } = await link.ask({ call: "echo", frames: [pixels], expects: [pixels.length] });
  expect(frames.map((frame) => Buffer.compare(frame, pixels))).toEqual([0]);
  expect(fields.isolated).toBe(true);
  await expect(link.ask({ call: "refuse" })).rejects.toThrow("mine: refuse: no such layer");
  await link.close();
});

inBrowser("the memory of a page is its renderer's, and the GPU process's where that is asked for", async () => {
  const link = await linkTo(`${echo}; self.held = new Uint8Array(100e6).fill(1);`);
  await link.ask({ call: "echo" });
  await link.findMemory(["renderer"]);
  const resident = link.memory.residentBytes();
  expect(resident).toBeGreaterThan(100e6);
  expect(link.memory.peakBytes()).toBeGreaterThanOrEqual(resident);
  expect(link.memory.resetPeak()).toBe(true);
  await link.findMemory(["renderer", "GPU"]);
  expect(link.memory.residentBytes()).toBeGreaterThan(resident + 10e6);
  const own = await link.userAgentBytes();
  expect(own).toBeGreaterThan(100e6);
  expect(own).toBeLessThan(resident);
  await link.close();
});

inBrowser("a page that can not go on, answers another question or sends too much at once is ended for it", async () => {
  const fatal = await linkTo(echo);
  expect(await reasonOf(fatal.ask({ call: "fatal" }))).toBe("mine: fatal: no such layer");
  expect(await reasonOf(fatal.ask({ call: "echo" }))).toBe("mine: fatal: no such layer");
  const mistaken = await linkTo(echo);
  expect(await reasonOf(mistaken.ask({ call: "mistake" }))).toContain("an answer to another question");
  const flooding = await linkTo(echo);
  const asked = flooding.ask({ call: "flood", frames: [new Uint8Array(2 ** 17)], expects: [2 ** 17] });
  expect(await reasonOf(asked)).toBe("it closed its connection");
});

inBrowser("a script that gives up, or does not load, ends the page with what the browser tells of it", async () => {
  const thrown = await linkTo('throw new Error("no such operator")');
  expect(await reasonOf(thrown.ask({ call: "echo" }))).toContain("no such operator");
  const unread = await linkTo("this is no script");
  expect(await reasonOf(unread.ask({ call: "echo" }))).toBe("its script does not load");
});

inBrowser("a tab that crashes, and a browser that is killed, are named", async () => {
  const own = process.pid;
  const crashed = await linkTo(echo);
  await crashed.ask({ call: "echo" });
  for (const renderer of processesBelow(own, "--type=renderer")) process.kill(renderer, "SIGKILL");
  expect(await reasonOf(crashed.ask({ call: "echo" }))).toContain("its tab crashed");
  await crashed.close();
  const killed = await linkTo(echo);
  await killed.ask({ call: "echo" });
  const browsers = processesBelow(own, "--remote-debugging-pipe").filter((id) => isAlive(id));
  for (const browser of browsers) process.kill(browser, "SIGKILL");
  expect(await reasonOf(killed.ask({ call: "echo" }))).toMatch(/the browser ended|its tab/);
  await killed.close();
});
