import type { Dataset, ImageId } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { placesOf } from "../plan/data/dataPlaces.ts";
import { datasetCache } from "../plan/data/datasetCache.ts";
import { openDataset } from "../plan/data/openDataset.ts";
import { loadRegistry } from "../plan/plugins/registry.ts";
import { largest } from "../stats/summary.ts";
import type { Manifest } from "../store/schema.ts";

export interface DatasetRequest {
  /** Folder that the user names; without it, the place where the run found the data, if they are still there. */
  readonly data?: string;
  readonly plugins?: readonly string[];
}

/** Returns the images that the run planned, whether or not it came to them. */
export function plannedImages({ plan }: Manifest): readonly ImageId[] | undefined {
  return (plan.resolved.dataset as { readonly images?: readonly ImageId[] } | undefined)?.images;
}

/**
 * Opens the dataset that a run was made on, with its photos and annotations. Nothing where it lies in a folder that is not
 * known. Throws HarnessError for one that has changed since, or is another.
 */
export async function datasetOfRun(
  manifest: Manifest,
  images: readonly ImageId[],
  { data, plugins }: DatasetRequest = {},
): Promise<Dataset | undefined> {
  const { dataset, seed, id } = manifest;
  const folder = data ?? placesOf(dataset.fingerprint).data;
  const registry = await loadRegistry(plugins);
  const plugin = registry.datasets.get(dataset.id);
  if (folder === undefined && plugin?.own === undefined) return undefined;
  if (plugin === undefined) {
    throw new HarnessError(`${id}: its dataset ${dataset.id} is not known here`, {
      hint: "name the module that brings it with --plugin, or give --annotations",
    });
  }
  const planned = plannedImages(manifest) ?? images;
  // A drawn dataset has as many images as are asked for.
  const limit = plugin.own === "drawn" ? largest(planned) : undefined;
  const opened = await openDataset(registry, dataset.id, {
    data: folder,
    limit,
    images: planned,
    seed,
    cache: datasetCache(),
  });
  // Behind the first word stands what was prompted in place of the dataset's own targets.
  if (opened.fingerprint !== dataset.fingerprint.split(" ")[0]) {
    throw new HarnessError(`${folder ?? dataset.id}: not the dataset that ${id} was run on`, {
      hint: "its annotations or their file have changed since; --annotations scores against any file",
    });
  }
  return opened;
}

/**
 * Opens the dataset that a run was made on, for work that can do without it. Where it is not at hand there is nothing, and
 * a notice says why. Throws HarnessError all the same where the user names its folder.
 */
export async function datasetAtHand(
  manifest: Manifest,
  images: readonly ImageId[],
  request: DatasetRequest,
  notice: (text: string) => void,
): Promise<Dataset | undefined> {
  try {
    const dataset = await datasetOfRun(manifest, images, request);
    if (dataset === undefined)
      notice(`${manifest.dataset.id}: no photos and no ground truth; --data names their folder`);
    return dataset;
  } catch (error) {
    if (request.data !== undefined || !(error instanceof HarnessError)) throw error;
    notice(`no photos and no ground truth: ${error.message}`);
    return undefined;
  }
}
