/**
 * Web addresses are written in two ways here: as they are asked for, and as they are shown. What a user types, or a server
 * redirects to, may hold a secret.
 */

import { sha256 } from "../store/canonical.ts";

/**
 * Returns the address without what lets somebody in: name and password are left out, and a query, which signs the address of
 * many stores, is shown as `?…`.
 */
export function shownAddress(url: URL): string {
  return `${withoutLogin(url)}${url.search === "" ? "" : "?…"}`;
}

/** Returns a key that tells addresses apart without holding a secret: what shownAddress shows, with a hash of the query. */
export function addressKey(url: URL): string {
  const query = url.search === "" ? "" : `?sha256:${sha256(url.search).slice(0, 16)}`;
  return `${withoutLogin(url)}${query}`;
}

/** Takes the logins out of the addresses in a text that a library wrote. */
export function withoutLogins(text: string): string {
  return text.replace(/\/\/[^/\s@]+@/g, "//");
}

/** Returns the header for an address with a name and a password (RFC 7617); it is sent to that address alone. */
export function loginHeaders({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === "" && password === "") return {};
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(login).toString("base64")}` };
}

function withoutLogin({ origin, protocol, host, pathname }: URL): string {
  return `${origin === "null" ? `${protocol}//${host}` : origin}${pathname}`;
}
