import { readFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { reportOf } from "../results/report.ts";
import { exampleDetails } from "./fixtures/detailed.ts";
import { exampleQuantized, storeExample } from "./fixtures/runs.ts";
import { plainColumns } from "./table/columns/plainColumns.ts";
import { footLines } from "./table/foot.ts";
import { signCharacters } from "./table/formats/layout.ts";

const page = readFileSync(new URL("README.md", import.meta.url), "utf8");

test("the page of what the figures mean names every column by the id that --columns takes, and every sign", () => {
  const ids = plainColumns.map(({ id }) => id);
  expect(ids.filter((id) => !page.includes(`\`${id}\``))).toEqual([]);
  for (const sign of Object.values(signCharacters)) expect(page).toContain(`\`${sign}\``);
});

test("what the notes say of every table stands on the page in the same words", async () => {
  const results = await mkdtemp(join(tmpdir(), "meaning-"));
  const quantized = await storeExample(results, { variant: "w8a8", encodeMs: [20, 21], manifest: exampleQuantized });
  const reports = [...(await exampleDetails()).map(({ report }) => report), await reportOf(quantized)];
  const lasting = footLines(reports, reports[0]).filter((line) =>
    /^(memory|GMACs|bit operations|mIoU|weights)/.test(line),
  );
  expect(lasting).toHaveLength(5);
  expect(lasting.filter((line) => !page.includes(`\n- ${line}\n`))).toEqual([]);
});
