import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { protocols } from "../protocols/index.ts";
import { storeExample } from "../report/fixtures/runs.ts";
import { terminalWidth } from "../report/table/formats/terminalWidth.ts";
import { memoryConsole } from "./fixtures/bench.ts";
import { list } from "./list.ts";
import { listings } from "./text/listings.ts";

async function listed(what: string, args: Readonly<Record<string, unknown>> = {}, columns?: number): Promise<string> {
  const console = memoryConsole(columns);
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

/** Returns what is wider than the terminal. */
const tooWide = (text: string, columns: number) => text.split("\n").filter((line) => terminalWidth(line) > columns);

test.each([60, 80, 100, 140])(
  "in %i columns no list has a wider line, and each entry has its name",
  async (columns) => {
    const results = await mkdtemp(join(tmpdir(), "list-"));
    for (const variant of ["sam-nano", "ptq4sam/sam-nano/w8a8", "sam-fast/sam-nano/per-token"])
      await storeExample(results, { variant });
    for (const what of Object.keys(listings)) {
      const text = await listed(what, { results }, columns);
      expect([what, tooWide(text, columns)]).toEqual([what, []]);
      const named = JSON.parse(await listed(what, { results, json: true })) as readonly { readonly id: string }[];
      for (const { id } of named)
        expect([what, id, text.split("\n").some((line) => `${line} `.startsWith(`${id} `))]).toEqual([what, id, true]);
    }
  },
);

test("80 columns leave out what the id of a run says already, and say so", async () => {
  const results = await mkdtemp(join(tmpdir(), "list-"));
  await storeExample(results, { variant: "ptq4sam/sam-nano/w8a8" });
  const text = await listed("runs", { results }, 80);
  expect(text.split("\n")[0]).toMatch(/^run +weights +dataset +status +created$/);
  expect(text).toContain("left out in 80 columns: variant, images, prompts; --json has all");
  expect((await listed("runs", { results })).split("\n")[0]).toMatch(
    /^run +variant +weights .* prompts +status +created$/,
  );
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
