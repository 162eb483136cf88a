import type { Commands } from "../commands/terminal/command.ts";

export const benchmarks: Commands = {
  encode: async () => (await import("./encode.ts")).encode,
  decode: async () => (await import("./decode.ts")).decode,
  everything: async () => (await import("./everything.ts")).everything,
  mask: async () => (await import("./mask.ts")).mask,
  coverage: async () => (await import("./coverage.ts")).coverage,
  "many-runs": async () => (await import("./manyRuns.ts")).manyRuns,
  score: async () => (await import("./score.ts")).score,
  compare: async () => (await import("./revisions/compare.ts")).compare,
  revision: async () => (await import("./revisions/revision.ts")).revision,
  starts: async () => (await import("./starts.ts")).starts,
};
