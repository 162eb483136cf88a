import type { ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { type PageFile, sizeOf, streamOf } from "./pageFiles.ts";

/** Says what an address of a page gives: a file as it lies on disk, or bytes that are made when they are asked for. */
export type PageContent = { readonly file: PageFile } | { bytes(): Promise<string | Uint8Array> };

const types: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  mjs: "text/javascript; charset=utf-8",
  json: "application/json",
  txt: "text/plain; charset=utf-8",
  wasm: "application/wasm",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  png: "image/png",
  webp: "image/webp",
};

/**
 * Returns the headers of all that a page is served. Pages share memory between threads only where the first two isolate them from
 * other origins; the third holds for workers' scripts. Nothing is kept: each page is the first visit.
 */
export function pageHeaders(policy: string): Readonly<Record<string, string>> {
  return {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": policy,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
  };
}

export interface Sending {
  /** Path in the page's address: its ending says what the content is. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** `left out` answers a request for the headers alone. */
  readonly body: "sent" | "left out";
}

/** Answers with a content, and returns its bytes. */
export async function sendContent(
  response: ServerResponse,
  content: PageContent,
  { path, headers, body }: Sending,
): Promise<number> {
  const type = types[/\w+$/.exec(path)?.[0] ?? ""] ?? "application/octet-stream";
  const head = (length: number) =>
    response.writeHead(200, { ...headers, "Content-Type": type, "Content-Length": length });
  if ("file" in content) {
    const size = sizeOf(content.file);
    head(size);
    if (body === "sent") await pipeline(streamOf(content.file), response);
    else response.end();
    return size;
  }
  const bytes = Buffer.from(await content.bytes());
  head(bytes.length);
  response.end(body === "sent" ? bytes : undefined);
  return bytes.length;
}
