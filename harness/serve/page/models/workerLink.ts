import { HarnessError } from "../../../errors.ts";
import type { Loading } from "../contract.ts";
import { type ModelLink, Waiting } from "./link.ts";

/** Message of a page's worker: it says how far its files have come, or answers a question. */
export type WorkerMessage =
  | ({ readonly kind: "arrived" } & Omit<Loading, "total">)
  | { readonly kind: "answer"; readonly value: unknown }
  | { readonly kind: "refusal"; readonly message: string; readonly hint?: string | undefined };

/** Starts a worker of the page for a model. `arrived` is told how far its files have come. */
export function workerLink(model: string, arrived: (loading: Omit<Loading, "total">) => void): ModelLink {
  const worker = new Worker("worker.js", { type: "module" });
  const waiting = new Waiting();
  worker.onmessage = ({ data }: MessageEvent<WorkerMessage>) => {
    if (data.kind === "arrived") arrived(data);
    else if (data.kind === "answer") waiting.answer(data.value);
    else waiting.refuse(new HarnessError(`${model}: ${data.message}`, { hint: data.hint }));
  };
  worker.onerror = ({ message }) =>
    waiting.end(
      new HarnessError(`${model}: its worker gave up`, {
        found: message || "its script does not load",
        hint: "is what serves this page still there?",
      }),
    );
  return {
    ask: (call, request) => waiting.next(() => worker.postMessage({ call, request })),
    close() {
      worker.terminate();
      waiting.end(new HarnessError(`${model}: was closed`));
    },
  };
}
