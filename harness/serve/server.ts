import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { HarnessError } from "../errors.ts";
import { visible } from "../visible.ts";
import { type PageContent, pageHeaders, sendContent } from "../web/pageContent.ts";
import { acceptSockets } from "../web/socket.ts";
import { pagePolicy } from "./page.ts";
import type { ModelSockets } from "./sockets.ts";

export interface ServedPage {
  /** 0 takes one that is free. */
  readonly port: number;
  readonly contents: ReadonlyMap<string, PageContent>;
  /** Models that the harness computes. */
  readonly sockets: ModelSockets;
}

export interface ClickServer {
  readonly address: string;
  /** Ends all connections, and the processes that compute for them. */
  close(): Promise<void>;
}

/** No other page may show this one in a frame; a policy inside of a page can not say so. */
const headers = pageHeaders(`${pagePolicy}; frame-ancestors 'none'`);

/**
 * Serves the page on 127.0.0.1. A request under another name is refused: a stranger's page may call this machine by a name of its own.
 * Throws HarnessError where the port is taken.
 */
export async function servePage({ port, contents, sockets }: ServedPage): Promise<ClickServer> {
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    if (!isHost(request.headers.host)) return refuse(response, 421, "this server is called 127.0.0.1 or localhost");
    const { method, url = "" } = request;
    if (method !== "GET" && method !== "HEAD")
      return refuse(response.setHeader("Allow", "GET, HEAD"), 405, "this server gives files and takes nothing");
    const path = url.replace(/\?.*$/s, "").replace(/^\//, "") || "index.html";
    const content = contents.get(path);
    if (content === undefined) return refuse(response, 404, "no such file");
    const body = method === "GET" ? "sent" : "left out";
    await sendContent(response, content, { path, headers, body });
  };
  const server = createServer((request, response) => void respond(request, response).catch(failed(response)));
  let hosts: readonly string[] = [];
  const isHost = (host: string | undefined) => hosts.includes(host ?? "");
  await acceptSockets(server, {
    maxBytes: sockets.maxBytes,
    allows: ({ headers: { host, origin = "" }, url = "" }) =>
      isHost(host) && hosts.some((each) => origin === `http://${each}`) && sockets.knows(url),
    opened: (socket, { url = "" }) => sockets.opened(socket, url),
  });
  await listen(server, port);
  const { port: own } = server.address() as AddressInfo;
  hosts = ["127.0.0.1", "localhost"].map((name) => `${name}:${own}`);
  return {
    address: `http://127.0.0.1:${own}/`,
    async close() {
      server.close();
      server.closeAllConnections();
      await sockets.close();
    },
  };
}

/** Throws HarnessError where the port is taken: a person need not wait for models to learn of it. */
export async function requireFreePort(port: number): Promise<void> {
  const server = createServer();
  await listen(server, port);
  server.close();
  await once(server, "close");
}

async function listen(server: Server, port: number): Promise<void> {
  const listening = once(server, "listening");
  server.listen(port, "127.0.0.1");
  await listening.catch((cause: NodeJS.ErrnoException) => {
    throw unheard(port, cause);
  });
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { ...headers, "Content-Type": "text/plain; charset=utf-8" }).end(`${why}\n`);
}

/** A photo may be gone by the time that it is asked for; a page that is closed breaks its transfers. */
function failed(response: ServerResponse): (error: unknown) => void {
  return (error) => {
    if (response.headersSent) response.destroy();
    else refuse(response, 500, visible(error instanceof Error ? error.message : String(error)));
  };
}

function unheard(port: number, cause: NodeJS.ErrnoException): HarnessError {
  if (cause.code === "EADDRINUSE")
    return new HarnessError(`--port ${port}: is taken by another program`, {
      hint: "end that program, or name another port; --port 0 takes a free one",
      cause,
    });
  return new HarnessError(`--port ${port}: can not be listened to`, { found: cause.code, cause });
}
