import { expect, test } from "vitest";
import { memoryConsole } from "../../commands/fixtures/bench.ts";
import { starts } from "./starts.ts";

test("each start is measured as often as asked, the first time not counted", async () => {
  const console = memoryConsole();
  expect(await starts.run({ rounds: 1 }, console)).toBe(0);
  for (const what of ["node alone", "bench --help", "bench list", "bench run, finished before", "worker started"])
    expect(console.said.out).toMatch(new RegExp(`^${what} +\\d+ +\\d+ to \\d+ +\\d+ +1$`, "m"));
});
