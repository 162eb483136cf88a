import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { HarnessError } from "../errors.ts";
import { protocols } from "../protocols/index.ts";
import { storeExample } from "../report/fixtures/runs.ts";
import { latencyProtocol } from "../report/papers/measured.ts";
import { publishedTables } from "../report/papers/published.ts";
import { exampleManifest } from "../store/fixtures/run.ts";
import { memoryConsole } from "./fixtures/bench.ts";
import { list } from "./list.ts";
import { table } from "./table.ts";

async function said(args: Readonly<Record<string, unknown>>) {
  const console = memoryConsole();
  expect(await table.run(args, console)).toBe(0);
  return console.said;
}

async function failureOf(args: Readonly<Record<string, unknown>>): Promise<string> {
  const error: unknown = await table.run(args, memoryConsole()).catch((thrown: unknown) => thrown);
  if (error instanceof HarnessError) return error.message;
  throw new Error("expected a HarnessError");
}

/** SAM ViT-H on a part of COCO: points by EfficientSAM's protocol, boxes by another. */
async function exampleResults(): Promise<string> {
  const results = await mkdtemp(join(tmpdir(), "paper-table-"));
  const manifest = { dataset: { ...exampleManifest().dataset, id: "coco", images: 5 } };
  const ious = { box: [0.7, 0.8, 0.9], "1p": [0.4, 0.5, 0.6] };
  await storeExample(results, { variant: "sam-vit-h", ious, spread: 0.02, encodeMs: [4000, 4100, 4200], manifest });
  return results;
}

test("a stored run stands beside the paper where the protocol is the same, and only there", async () => {
  const { out, notes } = await said({ results: await exampleResults(), paper: "efficientsam-t4-coco" });
  expect(out).toMatch(/^SAM +ViT-H +78\.4 +\[1\] +55\.6 +50\.0 ±3\.\d† +−5\.6\* +74\.1 +\[2?1?\]$/m);
  expect(out).toContain("† on a part of COCO val2017: not the paper's test set");
  expect(out).toContain("known contradiction: ");
  expect(notes).toBe("");
});

test("latency of a stored run stands beside the paper's without a difference", async () => {
  const { out } = await said({ results: await exampleResults(), paper: "samlightening-efficiency" });
  expect(out).toMatch(
    /^SAM-ViT-H +1024x1024 +216\.1 +4100 \[4050–4150\] +3\.8 +410 \[\S+\] +219\.9 +4510 +1\.0 +1\.00 /m,
  );
  expect(out).toContain("on other hardware than the paper's");
});

test("without any run every cell that could be filled names its command", async () => {
  const results = join(await exampleResults(), "none");
  const { out } = await said({ results, paper: "sam-t5-coco" });
  expect(out).toMatch(/^SAM +ViT-H, \+ one mask-refinement iteration +46\.5 +\[1\]/m);
  expect(out).toMatch(/^\[1\] bench run --variants sam-vit-h .*--protocol ap-vitdet-refine --boxes DETECTIONS\.json/m);
});

test("--out writes the file and prints nothing", async () => {
  const out = join(await mkdtemp(join(tmpdir(), "paper-table-")), "t.tex");
  const printed = await said({ results: "results", paper: "sam-t5-coco", format: "latex", out });
  expect(printed.out).toBe("");
  expect(await readFile(out, "utf8")).toContain("\\toprule");
  const missing = join(out, "below", "t.tex");
  expect(await failureOf({ results: "results", paper: "sam-t5-coco", out: missing })).toContain("can not be written");
});

test("--json is the comparison", async () => {
  const { out } = await said({ results: "results", paper: "sam-t4", json: true });
  expect(JSON.parse(out)).toMatchObject({ id: "sam-t4", paper: "Segment Anything", confidence: "paper" });
});

test("options of published tables are refused without one, run ids with one, unknown tables by the nearest", async () => {
  expect(await failureOf({ results: "results", detector: "vitdet" })).toBe("--detector: only with --paper");
  expect(await failureOf({ results: "results", paper: "sam-t5-coco", run: ["sam-nano"] })).toContain(
    "--paper: finds the runs",
  );
  expect(await failureOf({ results: "results", paper: "sam-t5-coc" })).toContain("did you mean sam-t5-coco?");
});

test("every published table is listed with paper, data, protocols and confidence", async () => {
  const console = memoryConsole();
  await list.run({ what: "papers", results: "results", json: true }, console);
  const listed = JSON.parse(console.said.out) as readonly { readonly id: string }[];
  expect(listed).toHaveLength(68);
  expect(listed.find(({ id }) => id === "efficientsam-t4-coco")).toEqual({
    id: "efficientsam-t4-coco",
    paper: "EfficientSAM",
    arxiv: "2312.00863",
    table: "Table 4 (zero-shot single point / box valid mask)",
    dataset: "COCO val2017",
    confidence: "paper",
    protocols: ["miou-gtbox", "miou-random-points"],
  });
  const text = memoryConsole();
  await list.run({ what: "papers", results: "results" }, text);
  expect(text.said.out).toMatch(
    /^sam-t5-coco +paper\n {2}paper: Segment Anything\n(?: {2}.*\n)* {2}dataset: COCO val2017\n {2}protocols: ap-vitdet-refine$/m,
  );
});

test("where a column's protocol is one of this project, its prompts are among those that the protocol defines", async () => {
  const defined = new Map(
    protocols.map(({ id, passes }) => [id, passes.flatMap(({ scored }) => scored.map(({ prompts }) => prompts))]),
  );
  for (const { table } of await publishedTables())
    for (const { measures } of table.columns) {
      const prompts = defined.get(measures?.protocol ?? "");
      if (prompts === undefined || measures?.protocol === latencyProtocol || measures?.prompt === "grid") continue;
      expect([table.id, measures!.prompt, prompts]).toEqual([table.id, expect.toBeOneOf([...prompts]), prompts]);
    }
});
