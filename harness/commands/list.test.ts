import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { protocols } from "../protocols/index.ts";
import { storeExample } from "../report/fixtures/runs.ts";
import { memoryConsole } from "./fixtures/bench.ts";
import { list } from "./list.ts";

async function listed(what: string, args: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const console = memoryConsole();
  expect(await list.run({ what, results: "results", ...args }, console)).toBe(0);
  return console.said.out;
}

test("every protocol is explained with its prompts and source, on lines that fit", async () => {
  const text = await listed("protocols");
  for (const { id } of protocols) expect(text).toMatch(new RegExp(`^${id} `, "m"));
  expect(text).toContain("source (repo): mit-han-lab/efficientvit");
  expect(text).toContain("needs single-mask-token");
  expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(120);
});

test("protocols as JSON have what the project decided, too", async () => {
  const all = JSON.parse(await listed("protocols", { json: true }));
  expect(all[0]).toMatchObject({
    id: "miou-gtbox-argmax",
    prompts: ["box"],
    confidence: "repo",
    needs: ["box-prompt"],
  });
  expect(all.map(({ id }: { id: string }) => id)).toEqual(protocols.map(({ id }) => id));
  expect(all[0].notes.length).toBeGreaterThan(0);
});

test("stored runs are listed, oldest first", async () => {
  const results = await mkdtemp(join(tmpdir(), "list-"));
  await storeExample(results, { variant: "sam-nano", manifest: { createdAt: "2024-05-02T12:34:56.000Z" } });
  await storeExample(results, { variant: "mobilesam", manifest: { createdAt: "2024-05-01T12:34:56.000Z" } });
  const text = await listed("runs", { results });
  expect(text.split("\n").slice(2, 4)).toEqual([
    "mobilesam-1a427c87b849  mobilesam  nano     shapes        5  box,1p,3p  done    2024-05-01 12:34",
    "sam-nano-0affac183e01   sam-nano   nano     shapes        5  box,1p,3p  done    2024-05-02 12:34",
  ]);
  const [first] = JSON.parse(await listed("runs", { results, json: true }));
  expect(first).toMatchObject({ id: "mobilesam-1a427c87b849", weights: "nano", status: "done", images: 5 });
});

test("a folder without runs says how to make one, as JSON it is an empty list", async () => {
  const results = join(await mkdtemp(join(tmpdir(), "list-")), "nothing");
  expect(await listed("runs", { results })).toContain("bench run makes one");
  expect(await listed("runs", { results, json: true })).toBe("[]\n");
});

test("an unknown list suggests the nearest", async () => {
  await expect(listed("protocol")).rejects.toThrow("unknown list: protocol; did you mean protocols?");
});
