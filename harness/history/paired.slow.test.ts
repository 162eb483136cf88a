import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ownBook } from "../protocols/index.ts";
import { soundRuns } from "../results/storedRuns.ts";
import { normal, random } from "../stats/random.ts";
import { planId } from "../store/canonical.ts";
import { exampleManifest, examplePrediction } from "../store/fixtures/run.ts";
import { openRun } from "../store/store.ts";
import { columnsOf } from "./columns.ts";
import { examplePrompts, exampleRecord } from "./fixtures/columns.ts";
import { judgeColumn } from "./judge.ts";

/**
 * Drawn histories of three results with their rows: too few for a noise between results, so images decide. 300 images of IoU
 * 0.61 in the mean with a deviation of 0.15, which every model finds as hard; on one image two models differ by 0.042.
 */
const histories = 60;
const images = 300;

let results: string;
beforeAll(() => {
  results = mkdtempSync(join(tmpdir(), "paired-"));
});
afterAll(() => rmSync(results, { recursive: true, force: true }));

/** Stores a run of one model and returns its mean IoU. */
async function storeModel(folder: string, model: number, { history, less }: { history: number; less: number }) {
  const base = exampleManifest();
  const resolved = { ...base.plan.resolved, example: `${history} ${model}` };
  const id = planId("sam-nano", resolved);
  const dataset = { ...base.dataset, images };
  const run = await openRun(folder, { ...base, id, plan: { ...base.plan, resolved }, dataset });
  let sum = 0;
  for (let image = 1; image <= images; image++) {
    const hard = 0.15 * normal(random(history, "hard image", image));
    const own = 0.03 * normal(random(history, "model", model, image));
    const iou = Math.min(1, Math.max(0, 0.61 + hard + own - less));
    sum += iou;
    await run.append(image, [examplePrediction(image, 0, iou)]);
  }
  await run.update({ status: { state: "done", ...(await run.sealed()) } });
  await run.close();
  return { id, mean: sum / images };
}

/** Returns the places of the changes of a history whose third model is like the others, and of one where it is a point worse. */
async function changesOfHistory(
  history: number,
): Promise<{ readonly alike: readonly number[]; readonly worse: readonly number[] }> {
  const folder = join(results, String(history));
  const models = [];
  for (const model of [0, 1, 2, 3])
    models.push(await storeModel(folder, model, { history, less: model === 3 ? 0.01 : 0 }));
  const sound = await soundRuns(folder, (text) => expect(text).toBe(""));
  const points = models.map(({ id, mean }, i) => ({
    record: exampleRecord(i + 1, { prompts: { box: examplePrompts(mean) } }),
    stored: sound.find(({ facts }) => facts.id === id),
  }));
  const placesOf = async (models: readonly number[]) => {
    const [column] = columnsOf(
      models.map((model) => points[model]!),
      () => ["miou.box"],
    );
    const notice = (text: string) => expect(text).toBe("");
    const { changes } = await judgeColumn(column!, { book: ownBook, plugins: [], notice });
    return changes.map(({ at }) => at);
  };
  const found = { alike: await placesOf([0, 1, 2]), worse: await placesOf([0, 1, 3]) };
  rmSync(folder, { recursive: true });
  return found;
}

test("models that do not differ are told apart in at most 5 % of short histories, and one point is found by its images", async () => {
  let falseAlarms = 0;
  let found = 0;
  for (let history = 0; history < histories; history++) {
    const { alike, worse } = await changesOfHistory(history);
    if (alike.length > 0) falseAlarms++;
    if (worse.includes(2)) found++;
  }
  console.info(`paired: ${falseAlarms} false alarms, ${found} changes of a point found, of ${histories}`);
  expect(falseAlarms).toBeLessThanOrEqual(0.05 * histories);
  expect(found).toBeGreaterThanOrEqual(0.9 * histories);
});
