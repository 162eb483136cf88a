import type { Dataset, DatasetOptions } from "../../api.ts";
import { unknown } from "../../errors.ts";
import { homeFolder } from "../../home.ts";
import { requireAsPulled } from "../../store/pulled/pulledFiles.ts";
import { asAuthors } from "../plugins/authorsError.ts";
import { checkDataset } from "../plugins/pluginShape.ts";
import { isOwnModule, type Registry } from "../plugins/registry.ts";

/**
 * Opens a data set by its id. Throws HarnessError for an unknown id, for a plug-in from outside that gives a data set with
 * faults, and where an annotation file was pulled and is not as it came.
 */
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
  const checked = isOwnModule(file) ? dataset : checkDataset(dataset, id);
  for (const each of checked.files ?? []) await requireAsPulled({ home: homeFolder(), file: each, flag: "--data" });
  return checked;
}
