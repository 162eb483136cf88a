import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { annotationKeys, walkJson } from "../coco/index.ts";
import { HarnessError } from "../errors.ts";

/**
 * Returns the annotation files that `data` is, or that lie below it. JSON that can not be read is among them where its name says
 * that it is one. Throws HarnessError where there is none.
 */
export async function annotationFiles(data: string): Promise<readonly string[]> {
  if (!isFolder(data)) return [data];
  const names = readdirSync(data, { recursive: true, encoding: "utf8" }).filter((name) => /\.json$/i.test(name));
  const files: string[] = [];
  for (const name of names.sort()) if (await isAnnotationFile(join(data, name))) files.push(join(data, name));
  if (files.length > 0) return files;
  throw new HarnessError(`${data}: no annotation file of COCO or LVIS below it`, {
    found: names.length === 0 ? "no JSON file" : names.slice(0, 5).join(", "),
    expected: "a JSON file with images, annotations and categories",
  });
}

function isFolder(data: string): boolean {
  try {
    return statSync(data).isDirectory();
  } catch (cause) {
    throw new HarnessError(`${data}: no such file or folder`, { cause });
  }
}

async function isAnnotationFile(file: string): Promise<boolean> {
  try {
    const kinds = await walkJson(file, { elements: {} });
    return annotationKeys.every((key) => kinds.get(key) === "array");
  } catch (error) {
    if (error instanceof HarnessError) return /(instances|lvis|coco)[^/]*\.json$/i.test(file);
    throw error;
  }
}
