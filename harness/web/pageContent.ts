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
  /** Is told the content's bytes before the first of them is sent. */
  readonly begins?: ((bytes: number) => void) | undefined;
}

/** Answers with a content. */
export async function sendContent(
  response: ServerResponse,
  content: PageContent,
  { path, headers, body, begins }: Sending,
): Promise<void> {
  const type = types[/\w+$/.exec(path)?.[0] ?? ""] ?? "application/octet-stream";
  const head = (length: number) => {
    begins?.(length);
    response.writeHead(200, { ...headers, "Content-Type": type, "Content-Length": length });
  };
  if ("file" in content) {
    head(sizeOf(content.file));
    if (body === "sent") await pipeline(streamOf(content.file), response);
    else response.end();
    return;
  }
  const bytes = Buffer.from(await content.bytes());
  head(bytes.length);
  response.end(body === "sent" ? bytes : undefined);
}
