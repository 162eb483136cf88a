import type { EnvHttpProxyAgent } from "undici";

/** An answer is what a server says; its body comes as it is read. */
export interface Answer {
  readonly status: number;
  header(name: string): string | undefined;
  /** Throws the errors of the connection: broken off, stalled, shorter than announced. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Drops what is left of the body. */
  discard(): void;
}

export interface Client {
  /** Sends one request; it follows no redirect. */
  get(url: URL, headers: Readonly<Record<string, string>>): Promise<Answer>;
  close(): Promise<void>;
}

/**
 * Returns a client that goes through the proxies that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name. A silence longer than `stallMs`
 * is an error. Certificates are checked whatever NODE_TLS_REJECT_UNAUTHORIZED says; NODE_EXTRA_CA_CERTS adds one's own.
 */
export function openClient({ stallMs }: { readonly stallMs: number }): Client {
  const checked = { rejectUnauthorized: true };
  let opened: EnvHttpProxyAgent | undefined;
  return {
    async get(url, headers) {
      // Not at the top: a command that asks no server need not wait for the library.
      const undici = await import("undici");
      opened ??= new undici.EnvHttpProxyAgent({
        connect: { ...checked, timeout: stallMs },
        requestTls: checked,
        proxyTls: checked,
        headersTimeout: stallMs,
        bodyTimeout: stallMs,
      });
      const dispatcher = opened;
      // A body that is packed for the way would have another length and hash than the file.
      const answer = await undici.request(url, { dispatcher, headers: { "accept-encoding": "identity", ...headers } });
      return {
        status: answer.statusCode,
        header(name) {
          const value = answer.headers[name];
          return Array.isArray(value) ? value[0] : value;
        },
        body: answer.body,
        discard() {
          // Destroyed, a body with listeners left complains to them.
          answer.body.on("error", () => undefined).destroy();
        },
      };
    },
    close: async () => opened?.destroy(),
  };
}
