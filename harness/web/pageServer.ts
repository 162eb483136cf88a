import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { limits } from "../limits.ts";
import { type PageContent, pageHeaders, sendContent } from "./pageContent.ts";
import { type PageFiles, pagePaths, pageText, startScript } from "./pageFiles.ts";
import { acceptSockets, type PageSocket, type SocketListener } from "./socket.ts";

/** The policy lets the page reach this server and nothing else. */
export const computingHeaders = pageHeaders(
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'",
);

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
  headers: Readonly<Record<string, string>> = computingHeaders,
): Promise<PageServer> {
  const secret = `/${randomBytes(16).toString("hex")}/`;
  const served = new Map<string, number>();
  const contents = new Map<string, PageContent>([
    ["", { bytes: async () => pageText }],
    [pagePaths.start, { bytes: async () => startScript }],
    ...[...files].map(([path, file]) => [path, { file }] as const),
  ]);
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    const { url = "", method } = request;
    const path = url.startsWith(secret) ? url.slice(secret.length) : undefined;
    if (method === "POST" && path === "failed") return handlers.failed(await reasonIn(request));
    const content = path === undefined ? undefined : contents.get(path);
    if (path === undefined || content === undefined) return void response.writeHead(404, headers).end();
    const begins = (bytes: number) => served.set(path, bytes);
    await sendContent(response, content, { path: path || "index.html", headers, body: "sent", begins });
  };
  // A page that is closed while it loads breaks the transfer: nobody waits for it any more.
  const server = createServer((request, response) => void respond(request, response).catch(() => response.destroy()));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  await acceptConnection(server, { host, path: `${secret}${pagePaths.questions}`, connected: handlers.connected });
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

interface Connection extends Pick<PageHandlers, "connected"> {
  readonly host: string;
  readonly path: string;
}

/** Accepts one connection: that of a page which this server served, as its browser says by Host and Origin. */
async function acceptConnection(server: Server, { host, path, connected }: Connection): Promise<void> {
  let isTaken = false;
  await acceptSockets(server, {
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
