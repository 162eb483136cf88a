import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { PageFile } from "./pageFiles.ts";
import { type PageServer, servePage } from "./pageServer.ts";

let folder: string;
let server: PageServer;
let connections: number;
const failures: string[] = [];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-page-"));
  const file = join(folder, "worker.js");
  writeFileSync(file, "postMessage(1)");
  failures.length = 0;
  connections = 0;
  const files = new Map<string, PageFile>([
    ["worker.js", file],
    ["bytes.bin", new TextEncoder().encode("held")],
    ["range.bin", { file, start: 4, bytes: 4 }],
  ]);
  server = await servePage(files, {
    connected: () => {
      connections += 1;
      return { message: () => undefined, closed: () => undefined };
    },
    failed: (reason) => void failures.push(reason),
  });
});
afterEach(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

test("page and files are isolated from other origins, so that the page may share memory", async () => {
  for (const path of ["", "start.js", "worker.js"]) {
    const { status, headers } = await fetch(server.address + path);
    expect([
      path,
      status,
      headers.get("cross-origin-opener-policy"),
      headers.get("cross-origin-embedder-policy"),
    ]).toEqual([path, 200, "same-origin", "require-corp"]);
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
  }
});

test("who does not know the page's path gets nothing, and no file beside those of the page is served", async () => {
  const { origin } = new URL(server.address);
  for (const address of [origin, `${origin}/worker.js`, `${server.address}../worker.js`, `${server.address}other.js`])
    expect((await fetch(address)).status).toBe(404);
});

test("a file counts once, however often the page's threads load it", async () => {
  await (await fetch(`${server.address}worker.js`)).text();
  await (await fetch(`${server.address}worker.js`)).text();
  expect(server.servedBytes).toBe("postMessage(1)".length);
});

test("bytes and a range of a file are served as files are", async () => {
  expect(await (await fetch(`${server.address}bytes.bin`)).text()).toBe("held");
  expect(await (await fetch(`${server.address}range.bin`)).text()).toBe("Mess");
  expect(server.servedBytes).toBe(8);
});

test("a script that gives up says why", async () => {
  const posted = fetch(`${server.address}failed`, { method: "POST", body: "no such module" });
  await expect.poll(() => failures).toEqual(["no such module"]);
  server.close();
  await posted.catch(() => undefined);
});

/** Asks for a connection, and says how it ended. */
function connection(path: string, headers: { readonly origin?: string; readonly host?: string }): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(new URL(path, server.address.replace("http", "ws")), { headers });
    socket.on("open", () => {
      resolve("open");
      socket.close();
    });
    socket.on("error", ({ message }) => resolve(message));
  });
}

test("one connection is accepted, and only from a page of this server, by its secret path", async () => {
  const { origin } = new URL(server.address);
  const refused = "Unexpected server response: 403";
  expect(await connection("/questions", { origin })).toBe(refused);
  expect(await connection("questions", {})).toBe(refused);
  expect(await connection("questions", { origin: "http://elsewhere.example" })).toBe(refused);
  expect(await connection("questions", { origin, host: "elsewhere.example" })).toBe(refused);
  expect(connections).toBe(0);
  expect(await connection("questions", { origin })).toBe("open");
  expect(await connection("questions", { origin })).toBe(refused);
  expect(connections).toBe(1);
});
