/** Exit codes that scripts can rely on, with their meaning in words: help and harness/commands/README.md say the same. */
export const exitCodes = {
  done: { code: 0, meaning: "done" },
  no: { code: 1, meaning: "the answer is no: --fail-if, choose, diff, verify, doctor, data check, reproduce" },
  mistake: { code: 2, meaning: "a mistake that the message says how to mend" },
  failed: {
    code: 3,
    meaning:
      "a variant failed, on every image or as a whole, and the others are measured; reproduce: no cell could be judged",
  },
  bug: { code: 70, meaning: "a bug in this program" },
  // Shells use 128 + SIGINT.
  interrupted: { code: 130, meaning: "stopped by Ctrl-C, and the same command goes on from there" },
} as const;

/** Returns all codes with their meanings as one sentence of help. */
export function exitCodeWords(): string {
  return `exit codes: ${Object.values(exitCodes)
    .map(({ code, meaning }) => `${code} ${meaning}`)
    .join("; ")}`;
}
