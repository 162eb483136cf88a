import type { PullRecord } from "../store/pulled/pullRecord.ts";
import { openClient } from "./http.ts";
import type { PullItem } from "./place.ts";
import { type PullOptions, pull } from "./pull.ts";

export interface SeveralOptions {
  readonly home: string;
  /** A server that is silent for so long is asked again, ms. */
  readonly stallMs: number;
  readonly insecureHttp: boolean;
  readonly mirror: string | undefined;
  /** The hash that a file must have in place of the one that its authors publish, by file id. */
  readonly hashes: ReadonlyMap<string, string>;
}

export interface PullObserver {
  progress(id: string, ...step: Parameters<PullOptions["progress"]>): void;
  notice(text: string): void;
  pulled(record: PullRecord): void;
  /** Is called when the work on a file has ended, well or not. */
  finish(): void;
}

/** Brings files one after the other, over one client. Throws HarnessError for the first that can not be brought. */
export async function pullSeveral(
  items: readonly PullItem[],
  { home, stallMs, insecureHttp, mirror, hashes }: SeveralOptions,
  observer: PullObserver,
): Promise<readonly PullRecord[]> {
  const client = openClient({ stallMs });
  const pulled: PullRecord[] = [];
  try {
    for (const item of items) {
      const { id } = item.file;
      try {
        const record = await pull(item, {
          home,
          client,
          insecureHttp,
          mirror,
          sha256: hashes.get(id),
          progress: (...step) => observer.progress(id, ...step),
          notice: observer.notice,
        });
        pulled.push(record);
        observer.pulled(record);
      } finally {
        observer.finish();
      }
    }
  } finally {
    await client.close();
  }
  return pulled;
}
