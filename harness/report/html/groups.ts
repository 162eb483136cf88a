import type { Dataset } from "../../api.ts";
import { HarnessError } from "../../errors.ts";
import type { ReportOptions } from "../../results/accuracy.ts";
import { compareBeside } from "../../results/compare/beside.ts";
import type { Side } from "../../results/compare/side.ts";
import { requireKnownTargets } from "../../results/knownTargets.ts";
import { byPrompts } from "../../results/rows.ts";
import { type DatasetRequest, datasetAtHand } from "../../results/runDataset.ts";
import type { StoredRun } from "../../store/store.ts";
import { speedUp } from "../table/columns/columns.ts";
import { baseOf, byDataset } from "../table/tables.ts";
import { type DetailedRun, detailsOf, labelled } from "./details.ts";
import type { GalleryItem } from "./gallery.ts";
import { type GalleryRequest, galleryOf } from "./galleryPhotos.ts";
import { summarySentences } from "./summary.ts";

/** A run of a report and where it is stored. */
export type StoredDetails = DetailedRun & { readonly stored: StoredRun };

/** Reads runs one after the other, so that rows of one run are in memory at a time, and of those only what is drawn. */
export async function readDetails(
  runs: readonly StoredRun[],
  options: ReportOptions,
): Promise<readonly StoredDetails[]> {
  const details: StoredDetails[] = [];
  for (const stored of runs) details.push({ ...(await detailsOf(stored, options)), stored, label: "" });
  return details;
}

/** Groups runs by dataset, as tables are; labels tell runs of one group apart. */
export function groupsOf(details: readonly StoredDetails[]): readonly (readonly StoredDetails[])[] {
  const byReport = new Map(details.map((each) => [each.report, each]));
  return byDataset(details.map((each) => each.report)).map((reports) =>
    labelled(reports.map((each) => byReport.get(each)!)),
  );
}

/**
 * Returns the summary of a group: what `bench compare` says of the base of its table beside each other model. Nothing where
 * there is no second model with accuracy.
 */
export function groupSummary(
  group: readonly StoredDetails[],
  options: Pick<ReportOptions, "book"> & { readonly seed: number },
): readonly string[] {
  const base = group.find(({ report }) => report === baseOf(group.map((each) => each.report)));
  if (base === undefined || base.rows.length === 0) return [];
  const others = group.filter((each) => each !== base && each.report.role !== "floor" && each.rows.length > 0);
  const comparisons = compareBeside(sideOf(base), others.map(sideOf), options);
  const beside = others.flatMap(({ label, report }, i) => {
    const comparison = comparisons[i];
    return comparison === undefined ? [] : [{ label, comparison, speedUp: speedUp(report, base.report) }];
  });
  const columns = base.report.metrics.flatMap((metric) => metric.columns);
  return summarySentences({ label: base.label, titles: new Map(columns.map(({ id, title }) => [id, title])) }, beside);
}

function sideOf({ manifest, images, failures, rows, turns }: DetailedRun): Side {
  return { manifest, images, failures, byPrompts: byPrompts(rows), turns };
}

/**
 * Opens the dataset of a group for its gallery of `count` targets. Nothing, and a notice why, where it is not at hand; nothing
 * where the group shows no masks. Throws HarnessError where the user names its folder and it is another dataset.
 */
export async function datasetOfGroup(
  group: readonly StoredDetails[],
  { count, ...request }: DatasetRequest & { readonly count: number },
  notice: (text: string) => void,
): Promise<Dataset | undefined> {
  if (!showsMasks(group, count)) return undefined;
  const images = [...new Set(group.flatMap(({ rows }) => rows.map(({ image }) => image)))];
  return datasetAtHand(group[0]!.manifest, images, request, notice);
}

/** Tells whether a report of these runs has a gallery: seeded weights have no rows. */
function showsMasks(group: readonly StoredDetails[], count: number): boolean {
  return count > 0 && group.some(({ rows }) => rows.length > 0);
}

/** Leaves out the runs whose rows are of targets that the data set does not have, and names each in a notice. */
export function withoutDamaged(
  group: readonly StoredDetails[],
  dataset: Dataset | undefined,
  notice: (text: string) => void,
): readonly StoredDetails[] {
  if (dataset === undefined) return group;
  return group.filter(({ stored, rows }) => {
    try {
      requireKnownTargets(stored, rows, dataset);
      return true;
    } catch (error) {
      if (!(error instanceof HarnessError)) throw error;
      notice(`left out: ${error.message}`);
      return false;
    }
  });
}

/** Returns the gallery of a group; without floors, as a filled box shows nothing that its prompt does not. */
export async function groupGallery(
  group: readonly StoredDetails[],
  request: GalleryRequest,
): Promise<readonly GalleryItem[]> {
  const models = group.filter(({ report }) => report.role !== "floor");
  if (!showsMasks(models, request.count)) return [];
  return galleryOf(
    models.map((details) => ({ stored: details.stored, details })),
    request,
  );
}
