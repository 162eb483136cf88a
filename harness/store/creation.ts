import { listRuns } from "./manifest.ts";
import type { Manifest } from "./schema.ts";

type Warning = Manifest["warnings"][number];

const defaults = {
  /** The clocks of two machines that write into one folder may differ by so much without a warning, ms. */
  skewMs: 60_000,
  /** A date from here on comes from no machine's clock, and one behind it would have a year of five digits. */
  lastMs: Date.parse("9999-01-01T00:00:00.000Z"),
};

/**
 * Returns the record of a run that begins now, dated behind every run of the folder: the newest run of a question is told by
 * these dates, and a clock that was set back would make the last run the oldest. A warning says where the clock disagrees.
 */
export async function withCreation(results: string, manifest: Manifest, nowMs = Date.now()): Promise<Manifest> {
  const newestMs = Math.max(...(await datesMs(results)));
  if (newestMs < nowMs) return { ...manifest, createdAt: dateOf(nowMs) };
  const moved = newestMs - nowMs > defaults.skewMs;
  return {
    ...manifest,
    createdAt: dateOf(newestMs + 1),
    warnings: moved ? [...manifest.warnings, clockWarning(nowMs, newestMs)] : manifest.warnings,
  };
}

/** Returns whether a warning of a run's record is about its date. The date stays as it is, however often the run goes on. */
export function isOfClock({ about }: Warning): boolean {
  return about === "clock";
}

function clockWarning(nowMs: number, newestMs: number): Warning {
  const text = `the clock was set back: this run began on ${minuteOf(nowMs)}, and there is one of ${minuteOf(newestMs)}, behind which it is dated, so that it counts as newer. Look at the clock of each machine that writes into this folder.`;
  return { about: "clock", text };
}

/** Returns the dates of the folder's runs. A text that no run would have as its date is left out. */
async function datesMs(results: string): Promise<readonly number[]> {
  return (await listRuns(results)).flatMap((listing) => {
    if (listing.state === "unreadable") return [];
    const { createdAt } = listing.manifest;
    const ms = Date.parse(createdAt);
    return ms < defaults.lastMs && dateOf(ms) === createdAt ? [ms] : [];
  });
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString();
}

function minuteOf(ms: number): string {
  return `${dateOf(ms).slice(0, 16).replace("T", " ")} UTC`;
}
