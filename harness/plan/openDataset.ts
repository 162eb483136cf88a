import type { Dataset, DatasetOptions } from "../api.ts";
import { unknown } from "../errors.ts";
import { asAuthors } from "./plugins/authorsError.ts";
import { checkDataset } from "./plugins/pluginShape.ts";
import { isOwnModule, type Registry } from "./plugins/registry.ts";

/** Opens a data set by its id. Throws HarnessError for an unknown one, and for one from outside that lacks what it must have. */
export async function openDataset(
  { datasets, datasetFiles }: Registry,
  id: string,
  options: DatasetOptions,
  notice?: (text: string) => void,
): Promise<Dataset> {
  const plugin = datasets.get(id);
  if (plugin === undefined) throw unknown("dataset", id, [...datasets.keys()]);
  const file = datasetFiles.get(id)!;
  const dataset = await asAuthors({ file, id: `dataset ${id}`, doing: "open" }, () => plugin.open(options, notice));
  return isOwnModule(file) ? dataset : checkDataset(dataset, id);
}
