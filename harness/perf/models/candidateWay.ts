import { Deadlines } from "../../process/deadlines.ts";
import { WorkerProcess } from "../../worker/workerProcess.ts";
import type { Candidate, CandidateCalls } from "./candidate.ts";
import type { Way } from "./way.ts";

/** Returns a way whose graphs the harness's own runtime executes. */
export function candidateWay(candidate: Candidate): Way {
  const { name, gmacs } = candidate;
  return {
    name,
    gmacs,
    start(threads) {
      const module = new URL("candidate.mjs", import.meta.url);
      const process = new WorkerProcess<CandidateCalls>(name, { module, deadlines: new Deadlines() });
      return {
        async load() {
          await process.call("open", { candidate, threads });
          return undefined;
        },
        turn: () => process.call("turn", {}),
        close: () => process.close(),
      };
    },
  };
}
