import type { Commands } from "../commands/terminal/command.ts";

export const checks: Commands = {
  check: async () => (await import("./check.ts")).check,
};
