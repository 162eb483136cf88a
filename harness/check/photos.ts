import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { Dataset, ImageRecord } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { readImage, readImageSize } from "../image/index.ts";
import type { Findings } from "./findings.ts";

/** Photos that are decoded at a time: decoding goes on outside JavaScript's thread. */
const atOnce = 4;

interface PhotoCheck {
  readonly findings: Findings;
  /** Is told how many photos are done; what it throws ends the check. */
  progress?(done: number): void;
}

/**
 * Looks for the photo of each image, decodes it whole, and compares its size with the file's. Returns how many photos are there.
 */
export async function checkPhotos(
  { images, photoFile }: Pick<Dataset, "images" | "photoFile">,
  { findings, progress }: PhotoCheck,
): Promise<number> {
  const next = images[Symbol.iterator]();
  const seen = new Map<string, number>();
  let done = 0;
  let present = 0;
  const work = async () => {
    for (let image = next.next(); !image.done; image = next.next()) {
      const file = await located(image.value, photoFile!, findings);
      if (file !== undefined) {
        present++;
        await checkPhoto(file, image.value, { findings, seen });
      }
      progress?.(++done);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return present;
}

async function located(
  { id }: ImageRecord,
  photoFile: NonNullable<Dataset["photoFile"]>,
  findings: Findings,
): Promise<string | undefined> {
  const found = await attempt(() => photoFile(id));
  if (typeof found === "string") return found;
  findings.add("photo-missing", "fault", found.message);
  return undefined;
}

interface SeenPhotos {
  readonly findings: Findings;
  /** Ids of images by the SHA-256 of their photos. */
  readonly seen: Map<string, number>;
}

async function checkPhoto(file: string, { id, size }: ImageRecord, { findings, seen }: SeenPhotos): Promise<void> {
  const digest = await sha256Of(file);
  const first = seen.get(digest);
  if (first === undefined) seen.set(digest, id);
  else findings.add("photo-twice", "fault", `images ${first} and ${id}: ${file}`);
  const stored = await attempt(() => readImageSize(file));
  if (stored instanceof HarnessError) return findings.add("photo-damaged", "fault", `image ${id}: ${stored.message}`);
  if (stored.height !== size.height || stored.width !== size.width)
    findings.add(
      "photo-size",
      "fault",
      `image ${id}: ${file} is ${stored.width} x ${stored.height}, the file says ${size.width} x ${size.height}`,
    );
  const pixels = await attempt(() => readImage(file));
  if (pixels instanceof HarnessError) findings.add("photo-damaged", "fault", `image ${id}: ${pixels.message}`);
}

async function attempt<T>(read: () => Promise<T>): Promise<T | HarnessError> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof HarnessError) return error;
    throw error;
  }
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}
