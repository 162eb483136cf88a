import { expect, test } from "vitest";
import type { DatasetOptions } from "../api.ts";
import { loadRegistry } from "../plan/plugins/registry.ts";
import { exampleManifest } from "../store/fixtures/run.ts";
import { datasetOfRun } from "./runDataset.ts";

async function manifestOn(id: string, images: readonly number[], options: DatasetOptions) {
  const { datasets } = await loadRegistry();
  const { fingerprint } = await datasets.get(id)!.open(options);
  return {
    ...exampleManifest({ dataset: { images } }),
    seed: options.seed,
    dataset: { id, fingerprint, images: images.length, warnings: [] },
  };
}

test("photos that come with sam-bench are found without --data", async () => {
  const images = [62554, 99053];
  const found = await datasetOfRun(await manifestOn("photos", images, { seed: 3, images }), []);
  expect(found?.images.map(({ id }) => id)).toEqual(images);
  expect((await found!.read(62554)).size).toEqual({ height: 428, width: 640 });
});

test("scenes are drawn again, as many as the run's largest id needs", async () => {
  const found = await datasetOfRun(await manifestOn("shapes", [2, 30], { seed: 3, limit: 30, images: [2, 30] }), []);
  expect(found?.images.map(({ id }) => id)).toEqual([2, 30]);
});

test("a data set of the user's folder is not found where the folder is not known, and changed photos are refused", async () => {
  const manifest = await manifestOn("photos", [62554], { seed: 3, images: [62554] });
  const elsewhere = { ...manifest, dataset: { ...manifest.dataset, id: "coco", fingerprint: "of no folder here" } };
  expect(await datasetOfRun(elsewhere, [])).toBeUndefined();
  const changed = { ...manifest, dataset: { ...manifest.dataset, fingerprint: "of other photos" } };
  await expect(datasetOfRun(changed, [])).rejects.toThrow(/^photos: not the dataset that .* was run on/);
});
