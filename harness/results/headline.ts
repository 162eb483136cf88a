import type { Metric } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { judgementOf, type ScoreBook } from "../protocols/index.ts";
import type { Manifest } from "../store/schema.ts";
import { protocolOfRun } from "./knownProtocol.ts";

/** The figure that models are ranked by: the headline of a protocol, under the name of prompts. */
export interface Headline {
  readonly prompts: string;
  readonly protocol: string;
  /** The figure's id in a report: miou, AP. */
  readonly id: string;
  /** Its name in a table: mIoU, AP. */
  readonly title: string;
  readonly metric: Metric;
}

/**
 * Returns the headline of a run's prompts, its first ones where none is named. Throws HarnessError for prompts that the run was
 * made without.
 */
export function headlineOf(manifest: Manifest, prompts: string | undefined, book: ScoreBook): Headline {
  const names = Object.keys(manifest.protocols);
  const name = prompts ?? names[0]!;
  const protocol = manifest.protocols[name];
  if (protocol === undefined)
    throw new HarnessError(`--prompts ${name}: ${manifest.id} was run without them`, {
      found: names.join(","),
      hint: "without --stored they are measured",
    });
  const { headline: id } = judgementOf(protocolOfRun(manifest, protocol, book));
  const metric = book.metrics.find((each) =>
    [...each.columns, ...(each.parts ?? [])].some((column) => column.id === id),
  );
  if (metric === undefined) throw new Error(`${protocol}: no metric has its headline ${id}`);
  const title = metric.columns.find((column) => column.id === id)?.title ?? metric.title;
  return { prompts: name, protocol, id, title, metric };
}
