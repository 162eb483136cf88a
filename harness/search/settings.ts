import { HarnessError } from "../errors.ts";
import type { SearchSettings } from "./request.ts";

export const searchDefaults = { population: 100, generations: 8 };

/** Bounds and numbers as the user gives them; `searchSettings` fills in what is left out. */
interface SearchFlags {
  readonly latency: number;
  /** Lower bound; it is 0.1 below `latency` if left out. */
  readonly latencyFrom: number | undefined;
  readonly population: number | undefined;
  readonly generations: number | undefined;
  /** Number of images; it is half of the dataset's if left out. */
  readonly images: number | undefined;
  readonly exhaustive: boolean;
}

/** Fills in the settings. Throws HarnessError for bounds that are no range, numbers that are not whole, and under two images. */
export function searchSettings(flags: SearchFlags, images: number): SearchSettings {
  const to = flags.latency;
  const from = flags.latencyFrom ?? Math.max(0, to - 0.1);
  if (!(to > 0 && from >= 0 && from < to))
    throw new HarnessError("--latency: the bounds are no range", {
      found: `${from} to ${to}`,
      expected: "0 <= from < to",
    });
  if (images < 2)
    throw new HarnessError("search: at least two images are needed, one to search on and one to check", {
      found: images,
    });
  return {
    latency: { from, to },
    population: whole("population", flags.population ?? searchDefaults.population, 2),
    generations: whole("generations", flags.generations ?? searchDefaults.generations, 0),
    images: whole("images", flags.images ?? Math.ceil(images / 2), 1),
    exhaustive: flags.exhaustive,
  };
}

function whole(flag: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new HarnessError(`--${flag}: must be a whole number`, { found: value, expected: `at least ${least}` });
}
