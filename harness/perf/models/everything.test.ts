import { expect, test } from "vitest";
import { memoryConsole } from "../../commands/fixtures/bench.ts";
import { everything } from "./everything.ts";

const args = { variant: "sam-nano", rounds: 2, warmup: 0, threads: 1, side: 6 };

test("both ways of everything mode keep the same masks, and each has its times", async () => {
  const console = memoryConsole();
  await everything.run({ ...args, kept: 0.5 }, console);
  const { out } = console.said;
  expect(out).toMatch(/^masks that may be kept .* 2$/m);
  expect(out).toMatch(/^all masks .* 2$/m);
  expect(out).toContain("2 rounds after 0 of warm-up, the same masks by both");
});

test("a share above 1 is refused", async () => {
  await expect(everything.run({ ...args, kept: 1.5 }, memoryConsole())).rejects.toThrow(
    "--kept: not a share (found 1.5, expected a number from 0 to 1)",
  );
});
