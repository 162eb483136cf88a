import { expect, test } from "vitest";
import { memoryConsole } from "../../commands/fixtures/bench.ts";
import { coverage } from "./coverage.ts";

test("an unknown situation is named with those that are known", async () => {
  await expect(run({ of: ["coco-25"] })).rejects.toThrow("unknown situation: coco-25");
});

async function run(args: Readonly<Record<string, unknown>>): Promise<string> {
  const console = memoryConsole();
  expect(await coverage.run(args, console)).toBe(0);
  return console.said.out;
}
