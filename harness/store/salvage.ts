import { type FileHandle, open, rename } from "node:fs/promises";
import type { ImageId } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { onDisk } from "./disk/disk.ts";
import { readLines } from "./disk/lines.ts";
import { imageReader } from "./rows.ts";

/**
 * Rewrites rows.jsonl with its whole images alone. An image is whole if its lines, count and hash agree; `keeps` may refuse it,
 * and of two with one id the first stays. The others are done again. Callers hold the run's lock.
 */
export async function keepWholeImages(file: string, keeps: (image: ImageId) => boolean): Promise<void> {
  const beside = `${file}.new`;
  await onDisk(file, async () => {
    const out = await open(beside, "w");
    try {
      await copyWhole(file, out, keeps);
      await out.sync();
    } finally {
      await out.close();
    }
    await rename(beside, file);
  });
}

async function copyWhole(file: string, out: FileHandle, keeps: (image: ImageId) => boolean): Promise<void> {
  const kept = new Set<ImageId>();
  let reader = imageReader(file);
  let lines: string[] = [];
  for await (const line of readLines(file)) {
    lines.push(`${line.text}\n`);
    try {
      const finished = reader.take(line);
      if (finished === undefined && !endsImage(line.text)) continue;
      if (finished !== undefined && !kept.has(finished.image) && keeps(finished.image)) {
        await out.writeFile(lines.join(""));
        kept.add(finished.image);
      }
    } catch (error) {
      if (!(error instanceof HarnessError)) throw error;
      // What goes before the next image's end belongs to none.
      if (!endsImage(line.text)) continue;
    }
    reader = imageReader(file);
    lines = [];
  }
}

/** Returns whether a line ends an image. A line that can not be read as JSON may still be told from a row's. */
function endsImage(text: string): boolean {
  return text.startsWith('{"kind":"image"');
}
