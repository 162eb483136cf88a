import type { IncomingMessage, Server } from "node:http";
import { createRequire } from "node:module";
import type * as WebSockets from "ws";

/** Compiled code can not import the library's module of its own, and a process without sockets need not load it. */
const require = createRequire(import.meta.url);

/** One page's connection. Messages are bytes; they arrive whole and in order. */
export interface PageSocket {
  send(bytes: Uint8Array): void;
  close(): void;
}

/** Functions that a server has called for one connection. */
export interface SocketListener {
  message(bytes: Uint8Array): void;
  closed(): void;
}

export interface SocketOptions {
  /** Bytes that one message may have at most; a longer one closes the connection. */
  readonly maxBytes: number;
  /** Says whether a connection may be opened: its address, its Host and its Origin. */
  allows(request: IncomingMessage): boolean;
  opened(socket: PageSocket, request: IncomingMessage): SocketListener;
}

/** Has a server accept WebSockets beside its files. A request that is not allowed is answered with 403. */
export function acceptSockets(server: Server, { maxBytes, allows, opened }: SocketOptions): void {
  const { WebSocketServer } = require("ws") as typeof WebSockets;
  // Pixels and masks on their way through this machine gain nothing from being compressed.
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxBytes, perMessageDeflate: false });
  server.on("upgrade", (request, stream, head) => {
    if (!allows(request)) {
      stream.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n");
      return;
    }
    sockets.handleUpgrade(request, stream, head, (socket) => {
      socket.binaryType = "nodebuffer";
      const listener = opened({ send: (bytes) => socket.send(bytes), close: () => socket.terminate() }, request);
      socket.on("message", (bytes: Buffer) => listener.message(bytes));
      socket.on("close", () => listener.closed());
      // Whatever breaks a connection also closes it.
      socket.on("error", () => undefined);
    });
  });
}
