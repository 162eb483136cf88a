import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const script = join(fileURLToPath(new URL("..", import.meta.url)), ".ci", "follow.mjs");

/** Runs the script and returns its lines and how it ended. */
function follow(...words: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...words], { encoding: "utf8" });
  return { status, lines: stdout.trimEnd().split("\n"), stderr };
}

test.each([
  ["latency", "harness/worker/latency.ts", 13],
  ["accuracy", "harness/worker/pass.ts", 31],
])("the way of a figure from command to cell is whole and does not grow: %s", (figure, measured, most) => {
  const { status, lines, stderr } = follow(figure);
  expect([status, stderr]).toEqual([0, ""]);
  expect(lines[0]).toContain("1 harness/commands/run.ts");
  expect(lines.at(-2)).toContain("harness/report/table/tables.ts");
  expect(lines.filter((line) => line.includes(` ${measured} `))).toHaveLength(1);
  expect(Number(/^(\d+) files/.exec(lines.at(-1)!)![1])).toBeLessThanOrEqual(most);
});

test("between two waypoints lies the shortest chain of imports, and a waypoint that is not there is named", () => {
  const ends = ["harness/cli.ts#main", "harness/run/runner.ts#runPlan"];
  expect(follow(...ends).lines.map((line) => /harness\/\S+/.exec(line)?.[0])).toEqual([
    "harness/cli.ts",
    "harness/commands/index.ts",
    "harness/commands/run.ts",
    "harness/run/runner.ts",
    undefined,
  ]);
  expect(follow(ends[0]!, "harness/run/runner.ts#walk")).toMatchObject({
    status: 1,
    stderr: "harness/run/runner.ts: no symbol walk\n",
  });
  expect(follow("speed")).toMatchObject({ status: 1, stderr: expect.stringContaining("follow: which figure?") });
});
