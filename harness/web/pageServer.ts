import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createReadStream, statSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { type PageFiles, pagePaths, pageText, startScript } from "./pageFiles.ts";

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
const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'",
  "X-Content-Type-Options": "nosniff",
  "Cache-Control": "no-store",
} as const;

export interface PageHandlers {
  /** Takes what the page posts: an answer, after which the page waits for the next question as this response. */
  exchange(request: IncomingMessage, response: ServerResponse): void;
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

/** Serves a page on 127.0.0.1, behind a path that nobody else on this machine can guess. */
export async function servePage(files: PageFiles, handlers: PageHandlers): Promise<PageServer> {
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
    if (method === "POST" && path === "next") return handlers.exchange(request, response);
    if (method === "POST" && path === "failed") return handlers.failed(await reasonIn(request));
    if (text !== undefined) {
      served.set(path!, Buffer.byteLength(text.text));
      return void response.writeHead(200, { ...headers, "Content-Type": text.type }).end(text.text);
    }
    if (file === undefined) return void response.writeHead(404, headers).end();
    const { size } = statSync(file);
    served.set(path!, size);
    const type = types[/\w+$/.exec(path!)?.[0] ?? ""] ?? "application/octet-stream";
    response.writeHead(200, { ...headers, "Content-Type": type, "Content-Length": size });
    await pipeline(createReadStream(file), response);
  };
  // A page that is closed while it loads breaks the transfer: nobody waits for it any more.
  const server = createServer((request, response) => void respond(request, response).catch(() => response.destroy()));
  // The page waits for its next question as long as other variants compute.
  server.requestTimeout = 0;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}${secret}`,
    get servedBytes() {
      return [...served.values()].reduce((sum, bytes) => sum + bytes, 0);
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function reasonIn(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const bytes of request) if (text.length < reasonBytes) text += String(bytes);
  return text.slice(0, reasonBytes);
}
