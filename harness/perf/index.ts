import type { Commands } from "../commands/terminal/command.ts";

export const benchmarks: Commands = {
  encode: async () => (await import("./models/encode.ts")).encode,
  decode: async () => (await import("./models/decode.ts")).decode,
  everything: async () => (await import("./models/everything.ts")).everything,
  mask: async () => (await import("./scoring/mask.ts")).mask,
  coverage: async () => (await import("./scoring/coverage.ts")).coverage,
  "many-runs": async () => (await import("./runs/manyRuns.ts")).manyRuns,
  score: async () => (await import("./scoring/score.ts")).score,
  compare: async () => (await import("./revisions/compare.ts")).compare,
  revision: async () => (await import("./revisions/revision.ts")).revision,
  starts: async () => (await import("./runs/starts.ts")).starts,
};
