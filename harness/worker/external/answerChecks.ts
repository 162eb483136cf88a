import type { Geometry, Size } from "../../api.ts";
import { HarnessError } from "../../errors.ts";

/** Checks of what another process answers. Each throws HarnessError: place, found, expected. */

/** Rates are computed from them, and none takes no time. */
const ofNetworks: readonly string[] = ["encodeMs", "decodeMs"];

/** Two clocks that run alike may differ by so much over one question. */
const clockSlackMs = 1;

/** Reads the process's own times: none is below 0, a network's is above 0, and together they are no longer than the wait. */
export function timesIn<Name extends string>(
  place: string,
  fields: Readonly<Record<string, unknown>>,
  names: readonly Name[],
  waitedMs: number,
): Readonly<Record<Name, number>> {
  let sum = 0;
  for (const name of names) {
    const value = fields[name];
    const least = ofNetworks.includes(name) ? Number.MIN_VALUE : 0;
    if (typeof value !== "number" || !Number.isFinite(value) || value < least)
      throw wrong(place, `${name} is no time`, value, least === 0 ? "milliseconds from 0 on" : "milliseconds above 0");
    sum += value;
  }
  if (sum > waitedMs + clockSlackMs)
    throw wrong(
      place,
      "its own times are longer than the harness waited",
      `${names.join(" and ")} of ${sum.toFixed(1)} ms`,
      `at most ${waitedMs.toFixed(1)} ms`,
    );
  return Object.fromEntries(names.map((name) => [name, fields[name]])) as Record<Name, number>;
}

export function numbersIn(place: string, given: unknown, count: number): Float32Array {
  if (!Array.isArray(given) || given.length !== count)
    throw wrong(place, "not one a token", Array.isArray(given) ? given.length : typeof given, count);
  const at = given.findIndex((value) => typeof value !== "number" || !Number.isFinite(value));
  if (at >= 0) throw wrong(place, "not a finite number", `${String(given[at])} at ${at}`, "finite numbers");
  return Float32Array.from(given as number[]);
}

/** Reads where the image lies in the model frame: it has to lie inside, and each side has a length. */
export function geometryIn(place: string, given: unknown, image: Size): Geometry {
  const { resized, offset, frame } = (given ?? {}) as Readonly<Record<string, unknown>>;
  const [resizedHeight, resizedWidth] = pair(resized, 1);
  const [x, y] = pair(offset, 0);
  const [height, width] = pair(frame, 1);
  if (!(resizedHeight + y <= height && resizedWidth + x <= width && height <= longestSide && width <= longestSide))
    throw wrong(
      place,
      "geometry is no place in a model frame",
      JSON.stringify(given) ?? "nothing",
      "resized [height, width] at offset [x, y] inside frame [height, width]",
    );
  return {
    image,
    resized: { height: resizedHeight, width: resizedWidth },
    offset: { x, y },
    frame: { height, width },
  };
}

/** Longest side of a model frame, in px. */
const longestSide = 16_384;

/** Reads two whole numbers. Returns NaN, which lies inside nothing, where there are none. */
function pair(given: unknown, least: number): readonly [number, number] {
  const fits = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= least;
  if (!Array.isArray(given) || given.length !== 2 || !given.every(fits)) return [Number.NaN, Number.NaN];
  return [given[0], given[1]];
}

export function wrong(place: string, problem: string, found: unknown, expected: unknown): HarnessError {
  return new HarnessError(`${place}: ${problem}`, { found: shown(found), expected });
}

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  return typeof value === "string" ? value : (JSON.stringify(value)?.slice(0, 120) ?? typeof value);
}
