import { HarnessError } from "../errors.ts";
import { loginHeaders, shownAddress, withoutLogins } from "./address.ts";
import type { Answer, Client } from "./http.ts";

const defaults = { mostRedirects: 10 };

/** The connection or the server failed, and may do better next time. */
export class Broken extends Error {}

export interface FileRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** True where the file's hash is known, or the user wants it so: anyone on the way can change what plain http brings. */
  readonly allowHttp: boolean;
}

/**
 * Returns the answer behind all redirects: a file (200), a part of one (206), or "there is no such part" (416). Throws Broken
 * where trying again may help, HarnessError where it will not.
 */
export async function requestFile(client: Client, { url, headers, allowHttp }: FileRequest): Promise<Answer> {
  let at = url;
  for (let redirects = 0; redirects <= defaults.mostRedirects; redirects++) {
    requireProtocol(at, allowHttp);
    const answer = await client.get(at, { ...headers, ...loginHeaders(at) }).catch((error: unknown) => {
      throw refusedCertificate(at, error) ?? new Broken(reasonOf(error));
    });
    if (![301, 302, 303, 307, 308].includes(answer.status)) return usable(at, answer);
    answer.discard();
    at = redirectOf(at, answer);
  }
  throw new HarnessError(`${shownAddress(url)}: the server redirects in circles`, {
    found: `over ${defaults.mostRedirects}`,
  });
}

/** Returns the next address. A login goes on with a redirect to the same server, and to no other. */
function redirectOf(from: URL, answer: Answer): URL {
  const location = answer.header("location");
  if (location !== undefined && URL.canParse(location, from.href)) {
    const to = new URL(location, from);
    if (to.origin === from.origin && to.username === "") {
      to.username = from.username;
      to.password = from.password;
    }
    return to;
  }
  throw new HarnessError(`${shownAddress(from)}: redirects to no address`, {
    found: location === undefined ? "none" : `${location.length} characters that are none`,
  });
}

function requireProtocol(url: URL, allowHttp: boolean): void {
  if (url.protocol === "https:" || (url.protocol === "http:" && allowHttp)) return;
  if (url.protocol === "http:")
    throw new HarnessError(`${shownAddress(url)}: plain http, and the file's hash is not known`, {
      hint: "whoever is on the way can change it; --insecure-http takes it all the same, --sha256 says what it must be",
    });
  throw new HarnessError(`${shownAddress(url)}: not a web address`, { found: url.protocol, expected: "https or http" });
}

function usable(url: URL, answer: Answer): Answer {
  const { status } = answer;
  const problem = status === 200 || status === 206 ? contentProblem(answer) : undefined;
  if (status === 416 || ((status === 200 || status === 206) && problem === undefined)) return answer;
  answer.discard();
  if (problem !== undefined)
    throw new HarnessError(`${shownAddress(url)}: ${problem}`, { hint: "open the address in a browser" });
  if (status >= 500 || status === 408 || status === 425 || status === 429) throw new Broken(`status ${status}`);
  throw new HarnessError(`${shownAddress(url)}: the server does not give this file`, {
    found: `status ${status}`,
    hint:
      status === 404 ? "has it moved? --mirror URL takes it from elsewhere" : "--mirror URL takes it from elsewhere",
  });
}

/** Says what came in the file's place: a page of a sign-in, a quota or a captive network. */
function contentProblem(answer: Answer): string | undefined {
  const type = answer.header("content-type") ?? "";
  const encoding = answer.header("content-encoding") ?? "identity";
  if (/^text\/html\b/i.test(type)) return "the server sent a web page instead of the file";
  return encoding === "identity" ? undefined : `the server packs the file on the way (${encoding})`;
}

/** Returns the error of a certificate, which does not get better by trying again, and is never passed over. */
function refusedCertificate(url: URL, error: unknown): HarnessError | undefined {
  const code = codeOf(error);
  if (!/CERT|SIGNED|ALTNAME|UNABLE_TO_VERIFY/.test(code ?? "")) return undefined;
  return new HarnessError(`${shownAddress(url)}: the server's certificate is not to be trusted`, {
    found: code,
    hint: "NODE_EXTRA_CA_CERTS=FILE adds the certificate of your own network; --mirror URL takes the file from elsewhere",
  });
}

export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  return withoutLogins(code === undefined || message.includes(code) ? message : `${message}, ${code}`);
}

function codeOf(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause)
    if ("code" in at && typeof at.code === "string") return at.code;
  return undefined;
}
