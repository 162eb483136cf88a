import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createReadStream, statSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { limits } from "../limits.ts";
import { type PageFile, type PageFiles, pagePaths, pageText, startScript } from "./pageFiles.ts";
import { acceptSockets, type PageSocket, type SocketListener } from "./socket.ts";

const types: Readonly<Record<string, string>> = {
  html: "text/html",
  js: "text/javascript",
  mjs: "text/javascript",
  wasm: "application/wasm",
};

/**
 * Pages share memory between threads only where these two isolate them from other origins; the third holds for workers' scripts.
 * The policy lets the page reach this server and nothing else. Nothing is kept: each page is the first visit.
 */
export const pageHeaders: Readonly<Record<string, string>> = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'",
  "X-Content-Type-Options": "nosniff",
  "Cache-Control": "no-store",
};

export interface PageHandlers {
  /** Is given the page's connection, once: the page's questions and its answers go through it. */
  connected(socket: PageSocket): SocketListener;
  /** Is told why the page's script gave up. */
  failed(reason: string): void;
}

export interface PageServer {
  readonly address: string;
  /** Bytes of the files that the page has asked for so far, each once, as they lie on disk. */
  readonly servedBytes: number;
  close(): void;
}

/** Longest reason that is read. */
const reasonBytes = 2000;

/** Serves a page on 127.0.0.1, behind a path that nobody else on this machine can guess; files have these headers. */
export async function servePage(
  files: PageFiles,
  handlers: PageHandlers,
  headers: Readonly<Record<string, string>> = pageHeaders,
): Promise<PageServer> {
  const secret = `/${randomBytes(16).toString("hex")}/`;
  const served = new Map<string, number>();
  const texts = new Map([
    ["", { type: types.html!, text: pageText }],
    [pagePaths.start, { type: types.js!, text: startScript }],
  ]);
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    const { url = "", method } = request;
    const path = url.startsWith(secret) ? url.slice(secret.length) : undefined;
    const text = path === undefined ? undefined : texts.get(path);
    const file = path === undefined ? undefined : files.get(path);
    if (method === "POST" && path === "failed") return handlers.failed(await reasonIn(request));
    if (text !== undefined) {
      served.set(path!, Buffer.byteLength(text.text));
      return void response.writeHead(200, { ...headers, "Content-Type": text.type }).end(text.text);
    }
    if (file === undefined) return void response.writeHead(404, headers).end();
    const { size, stream } = contentOf(file);
    served.set(path!, size);
    const type = types[/\w+$/.exec(path!)?.[0] ?? ""] ?? "application/octet-stream";
    response.writeHead(200, { ...headers, "Content-Type": type, "Content-Length": size });
    await pipeline(stream(), response);
  };
  // A page that is closed while it loads breaks the transfer: nobody waits for it any more.
  const server = createServer((request, response) => void respond(request, response).catch(() => response.destroy()));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  acceptConnection(server, { host, path: `${secret}${pagePaths.questions}`, connected: handlers.connected });
  return {
    address: `http://${host}${secret}`,
    get servedBytes() {
      return [...served.values()].reduce((sum, bytes) => sum + bytes, 0);
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function contentOf(file: PageFile): { readonly size: number; stream(): Readable } {
  if (typeof file === "string") return { size: statSync(file).size, stream: () => createReadStream(file) };
  if (file instanceof Uint8Array) return { size: file.length, stream: () => Readable.from([file]) };
  const { start, bytes } = file;
  return { size: bytes, stream: () => createReadStream(file.file, { start, end: start + bytes - 1 }) };
}

interface Connection extends Pick<PageHandlers, "connected"> {
  readonly host: string;
  readonly path: string;
}

/** Accepts one connection: that of a page which this server served, as its browser says by Host and Origin. */
function acceptConnection(server: Server, { host, path, connected }: Connection): void {
  let isTaken = false;
  acceptSockets(server, {
    maxBytes: limits.pageMessageBytes,
    allows: ({ url, headers }) =>
      !isTaken && url === path && headers.host === host && headers.origin === `http://${host}`,
    opened(socket) {
      isTaken = true;
      return connected(socket);
    },
  });
}

async function reasonIn(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const bytes of request) if (text.length < reasonBytes) text += String(bytes);
  return text.slice(0, reasonBytes);
}
