import type { Metric } from "../../../api.ts";
import { sameConditions } from "../../../results/report/conditions.ts";
import type { RunReport } from "../../../results/report.ts";

/** Figures of a run that columns, charts and papers' tables share: each is computed here alone. */

/** Returns the metrics that the reports know; reports of one command know the same. */
export function metricsIn(reports: readonly RunReport[]): readonly Metric[] {
  return reports[0]?.metrics ?? [];
}

/** Returns the file names that stand for files of different content. */
export function sharedFileNames(reports: readonly RunReport[]): ReadonlySet<string> {
  const hashes = new Map<string, Set<string>>();
  for (const { weightsLabel, weightsSha256 } of reports)
    if (weightsSha256 !== undefined)
      hashes.set(weightsLabel, (hashes.get(weightsLabel) ?? new Set()).add(weightsSha256));
  return new Set([...hashes].filter(([, found]) => found.size > 1).map(([name]) => name));
}

export interface ScoredPrompts {
  readonly name: string;
  readonly protocol: string;
  /** Tells whether the name stands for another protocol in another row. */
  readonly shared: boolean;
}

/** Returns the prompts that have figures, by protocol: figures of two protocols never stand in one column. */
export function scoredPrompts(reports: readonly RunReport[]): readonly ScoredPrompts[] {
  const pairs = new Map<string, { readonly name: string; readonly protocol: string }>();
  const columns = metricsIn(reports).flatMap((metric) => metric.columns);
  for (const { prompts } of reports)
    for (const [name, { protocol, ...figures }] of Object.entries(prompts))
      if (columns.some(({ id }) => figures[id] !== undefined)) pairs.set(`${name} ${protocol}`, { name, protocol });
  const all = [...pairs.values()];
  return all.map((pair) => ({
    ...pair,
    shared: all.some(({ name, protocol }) => name === pair.name && protocol !== pair.protocol),
  }));
}

/** Returns the time of encode and decode together, as papers do; nothing where one was not measured. */
export function totalMs({ latency }: RunReport): number | undefined {
  return latency.encode && latency.decode && latency.encode.median + latency.decode.median;
}

/** Returns the time from a prompt to a mask at the size of the photo. */
export function maskMs({ latency }: RunReport): number | undefined {
  return latency.decode && latency.decode.median + (latency.upscale?.median ?? 0);
}

/**
 * Tells whether some rows upscale their masks after decode, while the encode of others gives masks at the photo's size
 * already.
 */
export function mixesUpscaling(reports: readonly RunReport[]): boolean {
  const upscales = reports.flatMap(({ latency }) => (latency.decode ? [(latency.upscale?.median ?? 0) > 0] : []));
  return upscales.includes(true) && upscales.includes(false);
}

/**
 * Returns how many times faster a row is than the base; nothing between rows that were measured under different conditions.
 */
export function speedUp(report: RunReport, base: RunReport | undefined): number | undefined {
  const own = totalMs(report);
  const other = base && totalMs(base);
  if (own === undefined || other === undefined) return undefined;
  return sameConditions(report.conditions, base!.conditions) ? other / own : undefined;
}
