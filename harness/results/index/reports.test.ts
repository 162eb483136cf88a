import { mkdtemp, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { storeExample } from "../../report/fixtures/runs.ts";
import { exampleManifest } from "../../store/fixtures/run.ts";
import type { Manifest } from "../../store/schema.ts";
import { chosenSoundRuns } from "../storedRuns.ts";
import { readReports } from "./reports.ts";

/** Stores one run that has settled, reads its report, and returns it with the kinds of files in the index. */
async function indexed(manifest: Partial<Manifest>) {
  const results = await mkdtemp(join(tmpdir(), "reports-"));
  await storeExample(results, { variant: "sam-nano", images: 3, manifest });
  await new Promise((resolve) => setTimeout(resolve, 150));
  const choice = { results, names: [], all: true };
  const [report] = await readReports(await chosenSoundRuns(choice, (text) => expect(text).toBe("")));
  const kinds = (await readdir(join(results, ".index"))).map((name) => name.replace(/-.*/, ""));
  return { report: report!, kinds: kinds.sort() };
}

test("a figure that needs a data set which may come or go is not in the index", async () => {
  const dataset = { ...exampleManifest().dataset, id: "coco", fingerprint: "of no data set", images: 3 };
  const scored = await indexed({ dataset });
  expect(scored.report.absent).toBeUndefined();
  expect(scored.kinds).toEqual(["facts", "reports"]);
  const { report, kinds } = await indexed({ dataset, protocols: { box: "ap-gtbox" } });
  expect(JSON.stringify(report.absent)).toContain("it was not computed when the run ended");
  expect(kinds).toEqual(["facts"]);
});

test("a run that was stopped is in the index as it is", async () => {
  const { report, kinds } = await indexed({ status: { state: "stopped", message: "Ctrl-C" } });
  expect(report.status).toBe("stopped");
  expect(kinds).toEqual(["facts", "reports"]);
});
