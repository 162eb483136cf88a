import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bench } from "./commands/fixtures/bench.ts";
import { type Commands, commands } from "./commands/index.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(join(root, "README.md"), "utf8");
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("the example variant is the whole of a plug-in: it is found, built and measured", async () => {
  const [, example] = /```ts\n([\s\S]*?)```/.exec(readme)!;
  writeFileSync(join(folder, "mine.mts"), example!);
  const how = [
    "--plugin",
    "mine.mts",
    "--variants",
    "mine",
    "--limit",
    "1",
    "--rounds",
    "1",
    "--warmup",
    "0",
    "--json",
  ];
  const { code, out } = await bench(["run", ...how], { cwd: folder });
  expect(code).toBe(0);
  const [run] = JSON.parse(out).runs;
  expect(run).toMatchObject({ variant: "mine", weights: "seeded", status: "done" });
  expect(run.latency.encode.median).toBeGreaterThan(0);
  expect(example!.trim().split("\n").length).toBeLessThan(40);
});

test("every command line in README names a command and options that there are", async () => {
  const lines = readme.replaceAll("\\\n", " ").matchAll(/npx bench ([a-z]+)([^\n#]*)/g);
  const unknown: string[] = [];
  for (const [, name, rest] of lines) {
    const command = await (commands as Commands)[name!]?.();
    const known = { ...command?.options, ...(await command?.moreOptions?.([])) };
    // What stands behind `--` is another program's, behind `&&` another command.
    const own = rest!.split(/ -- | && /)[0]!;
    const options = [...own.matchAll(/ --(?:no-)?([a-z-]+)/g)].map(([, option]) => option!);
    unknown.push(...(command === undefined ? [name!] : options.filter((option) => !(option in known))));
  }
  expect(unknown).toEqual([]);
});
