import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { BeforeTurns, TimeLimit } from "../measure/timeLimit.ts";
import type { RunFlags } from "../plan/runFlags.ts";
import { observedRun } from "./fixtures/observedRun.ts";

const flags: RunFlags = {
  variants: "sam-nano,mobilesam-nano,efficientsam-nano",
  dataset: "shapes",
  limit: 2,
  phase: "latency",
  rounds: 4,
  warmup: 1,
  threads: 1,
};
const patience = 120_000;

let results: string;
let notes: string[];
beforeEach(() => {
  results = mkdtempSync(join(tmpdir(), "sam-bench-groups-"));
  notes = [];
});
afterEach(() => rmSync(results, { recursive: true, force: true }));

test(
  "variants that do not fit together are measured in blocks: each has every round, and its turns name group and block",
  async () => {
    const { runs } = await observedRun(flags, { results, notes, memoryBytes: 0 });
    expect(notes).toContain(
      "the variants do not fit into memory together: they are measured in 3 groups (of 1, 1, 1) that are loaded by turns",
    );
    const turns = await Promise.all(runs.map((run) => run.latency()));
    for (const own of turns)
      expect(own.map(({ round, block }) => [round, block])).toEqual([
        [0, 0],
        [1, 0],
        [2, 1],
        [3, 1],
      ]);
    expect(turns.map((own) => [...new Set(own.map(({ group }) => group))])).toEqual([[0], [1], [2]]);
    expect(new Set(turns.flat().map(({ session }) => session)).size).toBe(1);
    // In the same round every variant has the same photo.
    for (const own of turns) expect(own.map(({ image }) => image)).toEqual(turns[0]!.map(({ image }) => image));
    expect(runs.map(({ manifest }) => manifest.status.state)).toEqual(["done", "done", "done"]);
  },
  patience,
);

test(
  "variants that fit together have no groups",
  async () => {
    const { runs } = await observedRun({ ...flags, rounds: 2 }, { results, notes });
    const turns = (await Promise.all(runs.map((run) => run.latency()))).flat();
    expect(turns.map(({ group, block }) => [group, block])).toEqual(turns.map(() => [undefined, undefined]));
    expect(notes.join("\n")).not.toContain("groups");
  },
  patience,
);

test(
  "Ctrl-C between two blocks stops the run, and the same command measures all of latency in one session",
  async () => {
    // A cycle of three groups has one turn to warm up and two measured ones each.
    const stopped = await observedRun(flags, { results, notes, memoryBytes: 0, afterTurns: 9 });
    expect(stopped.stopped).toBe(true);
    expect(stopped.runs.map(({ manifest }) => manifest.status.state)).toEqual(["stopped", "stopped", "stopped"]);
    const { runs } = await observedRun(flags, { results, notes, memoryBytes: 0 });
    const turns = (await Promise.all(runs.map((run) => run.latency()))).flat();
    expect(turns).toHaveLength(12);
    expect(new Set(turns.map(({ session }) => session)).size).toBe(1);
    expect(runs.map(({ manifest }) => manifest.status.state)).toEqual(["done", "done", "done"]);
  },
  patience,
);

test(
  "a time limit leaves rounds out for all alike, a warning says so, and without it all are measured",
  async () => {
    // With both phases, a machine that was not quiet is no reason to measure again.
    const both = { ...flags, phase: undefined, prompts: "box", variants: "sam-nano,mobilesam-nano", rounds: 8 };
    const limited = { ...both, "max-minutes": 1 };
    const { runs } = await observedRun(limited, { results, notes, timeLimit: timeLimit() });
    for (const run of runs) {
      expect(await run.latency()).toHaveLength(4);
      expect(run.manifest.rounds).toBe(4);
      expect(run.manifest.status.state).toBe("done");
      expect(run.manifest.warnings.map(({ text }) => text)).toContain(
        "latency has 4 of 8 rounds, as --max-minutes 1 left no time for more. Run again without it for all of them.",
      );
    }
    expect(notes).toContain("latency: 4 of 8 rounds, for --max-minutes 1");
    await observedRun(limited, { results, notes, timeLimit: timeLimit() });
    expect(notes.filter((note) => note.includes("finished before, nothing to do"))).toHaveLength(2);
    const whole = await observedRun(both, { results, notes });
    for (const run of whole.runs) {
      expect(await run.latency()).toHaveLength(8);
      expect(run.manifest.warnings.filter(({ about }) => about === "rounds")).toEqual([]);
    }
    expect(whole.runs.map(({ id }) => id)).toEqual(runs.map(({ id }) => id));
  },
  patience,
);

test(
  "in groups a time limit is asked before the first turn, with the groups and what memory took",
  async () => {
    const asked: BeforeTurns[] = [];
    const limited = { ...flags, variants: "sam-nano,mobilesam-nano", rounds: 8, "max-minutes": 1 };
    const limit: TimeLimit = {
      ...timeLimit(),
      roundsThatFit(known) {
        asked.push(known);
        return 6;
      },
    };
    const { runs } = await observedRun(limited, { results, notes, timeLimit: limit, memoryBytes: 0 });
    expect(asked).toEqual([{ groups: [["sam-nano"], ["mobilesam-nano"]], memoryMs: expect.any(Number), leftMs: -1 }]);
    for (const run of runs) expect(await run.latency()).toHaveLength(6);
  },
  patience,
);

/** A limit that is over before the first turn. */
function timeLimit(): TimeLimit {
  return { flag: "--max-minutes 1", leastRounds: 4, leftMs: () => -1, roundsThatFit: () => 4 };
}
