import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { homeFolder } from "../../home.ts";
import { sha256 } from "../../store/canonical.ts";

/**
 * Says where the data of runs lie on this machine. It is stored in `SAM_BENCH_HOME` by the data's fingerprint, because a run
 * itself stores no folder of the user's.
 */
export interface DataPlaces {
  /** Folder with photos and annotations. */
  readonly data?: string;
  /** Results file of a detector. */
  readonly boxes?: string;
}

/**
 * Returns the fingerprint of the data set itself, its first word; behind it stands what was prompted in place of its targets.
 */
const ownFingerprint = (fingerprint: string) => fingerprint.split(" ")[0]!;

/** Stores the places. Where they can not be stored, the next command asks for --data. */
export function rememberPlaces(fingerprint: string, { data, boxes }: DataPlaces): void {
  const folder = data === undefined ? undefined : resolve(data);
  const file = boxes === undefined ? undefined : resolve(boxes);
  if (data === undefined && boxes === undefined) return;
  try {
    mkdirSync(placesFolder(), { recursive: true });
    writeFileSync(placeOf(ownFingerprint(fingerprint)), JSON.stringify({ data: folder }));
    writeFileSync(placeOf(fingerprint), JSON.stringify({ data: folder, boxes: file }));
  } catch {
    // As said above.
  }
}

/** Returns the places that are still there. */
export function placesOf(fingerprint: string): DataPlaces {
  for (const each of [fingerprint, ownFingerprint(fingerprint)]) {
    const { data, boxes } = readPlaces(placeOf(each));
    const found = {
      data: isThere(data) ? data : undefined,
      boxes: isThere(boxes) ? boxes : undefined,
    };
    if (found.data !== undefined || found.boxes !== undefined) return found;
  }
  return {};
}

function isThere(path: unknown): path is string {
  return typeof path === "string" && existsSync(path);
}

function readPlaces(file: string): Readonly<Record<string, unknown>> {
  try {
    return (JSON.parse(readFileSync(file, "utf8")) as Readonly<Record<string, unknown>> | null) ?? {};
  } catch {
    return {};
  }
}

const placesFolder = () => join(homeFolder(), "places");
const placeOf = (fingerprint: string) => join(placesFolder(), `${sha256(fingerprint).slice(0, 32)}.json`);
