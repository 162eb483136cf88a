import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { HarnessError } from "../errors.ts";
import { type ClickServer, servePage } from "./server.ts";
import type { ModelSockets } from "./sockets.ts";

let folder: string;
let server: ClickServer;
const opened: string[] = [];
const sockets: ModelSockets = {
  maxBytes: 1000,
  knows: (url) => url === "/socket?model=mine",
  opened(socket, url) {
    opened.push(url);
    return { message: (bytes) => socket.send(bytes), closed: () => undefined };
  },
  close: async () => undefined,
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-served-"));
  writeFileSync(join(folder, "main.js"), "1");
  writeFileSync(join(folder, "secret.txt"), "not served");
  server = await servePage({
    port: 0,
    contents: new Map([
      ["index.html", { bytes: async () => "<p>" }],
      ["main.js", { file: join(folder, "main.js") }],
      ["photos/1.jpg", { bytes: () => Promise.reject(new HarnessError("1.jpg: no such file")) }],
    ]),
    sockets,
  });
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** Asks without what a browser or fetch would make of the path and the headers. */
async function ask(path: string, { method = "GET", host }: { method?: string; host?: string } = {}): Promise<Answer> {
  const { port } = new URL(server.address);
  const headers = { host: host ?? `127.0.0.1:${port}` };
  const asked = request({ host: "127.0.0.1", port, path, method, headers });
  asked.end();
  const [response] = await once(asked, "response");
  let text = "";
  for await (const bytes of response) text += String(bytes);
  return { status: response.statusCode, headers: response.headers, text };
}

test("the page and its files are isolated, not kept, and may load nothing of another origin", async () => {
  for (const path of ["/", "/?photo=1", "/index.html", "/main.js"]) {
    const { status, headers } = await ask(path);
    expect([path, status]).toEqual([path, 200]);
    expect(headers).toMatchObject({
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
      "x-content-type-options": "nosniff",
    });
    const policy = String(headers["content-security-policy"]).split("; ");
    expect(policy).toEqual(
      expect.arrayContaining(["default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'"]),
    );
    expect(policy.join(" ")).not.toMatch(/http|\*|unsafe-(inline|eval)\b(?<!wasm-unsafe-eval)/);
  }
});

test("a request under another name gets nothing, whatever it asks for", async () => {
  const { port } = new URL(server.address);
  for (const host of [
    "evil.example",
    `evil.example:${port}`,
    "127.0.0.1",
    "127.0.0.1:1",
    `127.0.0.1:${port}.evil.example`,
  ])
    expect([host, (await ask("/", { host })).status]).toEqual([host, 421]);
  expect((await ask("/", { host: `localhost:${port}` })).status).toBe(200);
});

test("only files of the page are served, by no other path, and only asked for", async () => {
  const paths = [
    "/secret.txt",
    "/../secret.txt",
    "/photos/../secret.txt",
    "/%2e%2e/secret.txt",
    "//main.js",
    "/toString",
    "*",
  ];
  for (const path of paths) expect([path, (await ask(path)).status]).toEqual([path, 404]);
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS"])
    expect([method, (await ask("/", { method })).status]).toEqual([method, 405]);
  const head = await ask("/main.js", { method: "HEAD" });
  expect([head.status, head.headers["content-length"], head.text]).toEqual([200, "1", ""]);
});

test("a photo that can not be read says why", async () => {
  expect(await ask("/photos/1.jpg")).toMatchObject({ status: 500, text: "1.jpg: no such file\n" });
});

/** Returns what becomes of a connection: an echo, or the status that it is refused with. */
function connected(path: string, headers: Readonly<Record<string, string>>): Promise<string> {
  const socket = new WebSocket(`${server.address.replace("http", "ws")}${path}`, { headers });
  return new Promise((resolve) => {
    socket.on("open", () => socket.send("echo"));
    socket.on("message", (bytes) => {
      socket.close();
      resolve(String(bytes));
    });
    socket.on("unexpected-response", (_, { statusCode }) => resolve(String(statusCode)));
    socket.on("error", (error) => resolve(error.message));
  });
}

test("a connection is opened for this page alone, and for a model that is known", async () => {
  const { origin, host, port } = new URL(server.address);
  expect(await connected("socket?model=mine", { origin })).toBe("echo");
  expect(await connected("socket?model=mine", { origin: `http://localhost:${port}` })).toBe("echo");
  expect(opened).toEqual(["/socket?model=mine", "/socket?model=mine"]);
  for (const other of ["http://evil.example", "null", host, `https://${host}`, ""])
    expect([other, await connected("socket?model=mine", { origin: other })]).toEqual([other, "403"]);
  expect(await connected("socket?model=mine", { origin, host: "evil.example" })).toBe("403");
  expect(await connected("socket?model=other", { origin })).toBe("403");
});

test("an address that is none ends its connection, and not the server", async () => {
  const { host, port } = new URL(server.address);
  const raw = connect(Number(port), "127.0.0.1");
  raw.write(
    `GET // HTTP/1.1\r\nHost: ${host}\r\nOrigin: http://${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
  );
  const [bytes] = await once(raw, "data");
  expect(String(bytes)).toContain("403");
  raw.destroy();
  expect((await ask("/")).status).toBe(200);
});

test("a port that is taken is named, with what to do", async () => {
  const port = Number(new URL(server.address).port);
  const again = servePage({ port, contents: new Map(), sockets });
  await expect(again).rejects.toThrow(`--port ${port}: is taken by another program`);
});
