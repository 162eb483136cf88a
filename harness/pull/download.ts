import { setTimeout as delay } from "node:timers/promises";
import { HarnessError } from "../errors.ts";
import { limits } from "../limits.ts";
import { addressKey, shownAddress } from "./address.ts";
import type { Answer, Client } from "./http.ts";
import { openPart, type Part, type PartOrigin, removePart, requireSpace } from "./part.ts";
import { Broken, reasonOf, requestFile } from "./request.ts";

const defaults = {
  /** The number of attempts in a row that may bring nothing new. */
  attempts: 5,
  /** Wait before the second attempt, doubled each time, ms. */
  waitMs: 1000,
  /** A connection that brings less than `bytes` in `ms` is no better than a silent one. */
  slow: { bytes: 60_000, ms: 60_000 },
};

export interface DownloadRequest {
  readonly url: URL;
  /** File that the bytes gather in. The caller holds its lock. */
  readonly path: string;
  /** The published size; a file of another size is refused before the first byte. */
  readonly bytes?: number;
  readonly allowHttp: boolean;
}

export interface DownloadOptions {
  readonly client: Client;
  readonly attempts?: number;
  readonly waitMs?: number;
  /** The most bytes that are taken where nobody gives the length. */
  readonly mostBytes?: number;
  /** The least that a connection must bring over a stretch of time. */
  readonly slow?: { readonly bytes: number; readonly ms: number };
  progress(done: number, total: number | undefined): void;
  notice(text: string): void;
}

/**
 * Brings the whole file to `path`, and starts where an earlier attempt was cut off. A connection that breaks or stalls is made
 * anew as long as each brings something. Length is checked here, content is not. Throws HarnessError; what came stays on disk,
 * unless it can be of no use.
 */
export async function download(request: DownloadRequest, options: DownloadOptions): Promise<void> {
  const part = await openPart(request.path, addressKey(request.url));
  try {
    await persist(part, request, options);
  } catch (error) {
    await part.close();
    if (error instanceof WrongFile) await removePart(request.path);
    throw error;
  }
  await part.close();
}

async function persist(part: Part, request: DownloadRequest, options: DownloadOptions): Promise<void> {
  const { attempts = defaults.attempts, waitMs = defaults.waitMs } = options;
  let failures = 0;
  let best = part.size;
  while (part.size === 0 || part.size !== part.origin?.total) {
    try {
      return await attempt(part, request, options);
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      // A trickle brings something every time, and would be taken up without end.
      failures = part.size > best && !(error instanceof Slow) ? 1 : failures + 1;
      best = Math.max(best, part.size);
      if (failures >= attempts) throw givenUp(request, failures, error);
      options.notice(`${shownAddress(request.url)}: ${error.message}; trying again`);
      await delay(waitMs * 2 ** (failures - 1));
    }
  }
}

/** The connection brings too little to ever end. */
class Slow extends Broken {}

/** The bytes that came can not be the beginning of the wanted file. */
class WrongFile extends HarnessError {}

function givenUp({ url }: DownloadRequest, failures: number, { message }: Broken): HarnessError {
  return new HarnessError(`${shownAddress(url)}: the connection failed ${failures} times in a row`, {
    found: message,
    hint: "what came is kept: the same command goes on from there; --mirror URL takes it from elsewhere",
  });
}

async function attempt(part: Part, request: DownloadRequest, options: DownloadOptions): Promise<void> {
  const { url, allowHttp } = request;
  const answer = await requestFile(options.client, { url, allowHttp, headers: rangeHeaders(part) });
  const rest = await begin(part, answer, request);
  if (rest === "nothing") return answer.discard();
  try {
    await receive(part, answer, { total: rest.total, request, options });
  } finally {
    answer.discard();
  }
}

function rangeHeaders({ size, origin }: Part): Readonly<Record<string, string>> {
  if (size === 0) return {};
  const { validator } = origin ?? {};
  const range = `bytes=${size}-`;
  return validator === undefined ? { range } : { range, "if-range": validator };
}

/** Prepares the part for the answer's body, which continues it or begins anew. */
async function begin(
  part: Part,
  answer: Answer,
  request: DownloadRequest,
): Promise<"nothing" | { readonly total: number | undefined }> {
  const range = rangeOf(answer);
  if (answer.status === 416) {
    if (range?.total === part.size && part.size > 0) return "nothing";
    await part.restart({ url: addressKey(request.url) });
    throw new Broken("the server has no such part of the file");
  }
  const sameFile = part.origin?.total === undefined || range?.total === undefined || range.total === part.origin.total;
  const goesOn = answer.status === 206 && range?.start === part.size && sameFile;
  const total = goesOn ? range.total : lengthOf(answer);
  requireSize(total, request);
  if (!goesOn) {
    // 206 of another part: nothing in it can be used.
    await part.restart(originOf(answer, request.url, total));
    if (answer.status === 206) throw new Broken("the server sent another part than asked for");
  }
  if (total !== undefined) await requireSpace(part.path, total - part.size);
  return { total };
}

function requireSize(total: number | undefined, { url, bytes }: DownloadRequest): void {
  if (total === undefined || bytes === undefined || total === bytes) return;
  throw new WrongFile(`${shownAddress(url)}: not the published file`, {
    found: `${total} bytes`,
    expected: `${bytes} bytes`,
    hint: "the server has another file under this address; --mirror URL takes it from elsewhere",
  });
}

interface Receiving {
  readonly total: number | undefined;
  readonly request: DownloadRequest;
  readonly options: DownloadOptions;
}

async function receive(part: Part, answer: Answer, { total, request, options }: Receiving): Promise<void> {
  const most = total ?? request.bytes ?? options.mostBytes ?? limits.downloadBytes;
  const requireRate = rateOver(options.slow ?? defaults.slow);
  for await (const bytes of readable(answer)) {
    if (part.size + bytes.length > most) {
      throw new WrongFile(`${shownAddress(request.url)}: the server sends more than the file`, {
        found: `over ${most} bytes`,
      });
    }
    await part.append(bytes);
    requireRate(bytes.length);
    options.progress(part.size, total);
  }
  const expected = total ?? request.bytes;
  if (expected !== undefined && part.size < expected) throw new Broken(`ended after ${part.size} of ${expected} bytes`);
}

/** Returns a function that is called with each piece. It throws Slow where a stretch of time has brought too little. */
function rateOver({ bytes, ms }: { readonly bytes: number; readonly ms: number }): (received: number) => void {
  let since = performance.now();
  let come = 0;
  return (received) => {
    come += received;
    const elapsed = performance.now() - since;
    if (elapsed < ms) return;
    if (come < bytes) throw new Slow(`brought ${come} bytes in ${Math.round(elapsed / 1000)} s, less than ${bytes}`);
    since = performance.now();
    come = 0;
  };
}

/** Yields the body. An error of the connection becomes Broken; an error of the disk does not come from here. */
async function* readable({ body }: Answer): AsyncGenerator<Uint8Array, void, void> {
  const chunks = body[Symbol.asyncIterator]();
  for (;;) {
    const next = await chunks.next().catch((error: unknown) => {
      throw new Broken(reasonOf(error));
    });
    if (next.done) return;
    yield next.value;
  }
}

function originOf(answer: Answer, url: URL, total: number | undefined): PartOrigin {
  const tag = answer.header("etag");
  // A weak tag does not vouch for bytes. Source: RFC 9110, section 13.1.5.
  const validator = tag !== undefined && !tag.startsWith("W/") ? tag : answer.header("last-modified");
  return {
    url: addressKey(url),
    validator,
    total,
  };
}

function lengthOf(answer: Answer): number | undefined {
  const length = Number(answer.header("content-length") ?? Number.NaN);
  return Number.isSafeInteger(length) && length >= 0 ? length : undefined;
}

/** Returns the range of a header: `bytes 10-19/20`, `bytes 10-19/*`, or `bytes * /20` of a refusal. */
function rangeOf(answer: Answer): { readonly start?: number; readonly total?: number } | undefined {
  const match = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(answer.header("content-range") ?? "");
  if (match === null) return undefined;
  const [, start, total] = match;
  return {
    start: start === undefined ? undefined : Number(start),
    total: total === undefined || total === "*" ? undefined : Number(total),
  };
}
