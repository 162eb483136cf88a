import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { HarnessError } from "../../errors.ts";
import { PlacedFile } from "../json/placedFile.ts";
import type { AnnotationFile } from "./annotationFile.ts";
import { type AnnotationIndex, indexAnnotations, indexedAnnotations } from "./annotationIndex.ts";
import { indexBytes, parseIndex } from "./annotationIndexFile.ts";
import type { AnnotationOptions } from "./annotations.ts";

const defaults = {
  /** Least size in bytes of a file of which the user is told that it is read for the first time. */
  longBytes: 64e6,
};

/** A file that was hashed, and its index if the folder has it. */
interface Found {
  readonly source: PlacedFile;
  readonly index?: AnnotationIndex;
}

/**
 * Folder of the indexes of annotation files. Each index is named by the SHA-256 of the file's bytes. The file is hashed at
 * every opening, which takes a second a gigabyte, a tenth of what parsing takes; no clock and no size that stayed the same can
 * make an index stand for another file. A damaged index is made anew.
 */
export class AnnotationIndexes {
  readonly #folder: string;
  readonly #notice: (text: string) => void;
  readonly #found = new Map<string, Promise<Found>>();

  constructor(folder: string, notice: (text: string) => void) {
    this.#folder = folder;
    this.#notice = notice;
  }

  /** Returns the format that the index of the file tells; undefined where the folder has no index of it. */
  async formatOf(file: string): Promise<AnnotationFile["format"] | undefined> {
    return (await this.#find(file)).index?.format;
  }

  /** Opens the file by its index, which is made and stored if the folder lacks it. Throws as readAnnotations. */
  async open(file: string, { select }: AnnotationOptions = {}): Promise<AnnotationFile> {
    const { source, index = await this.#make(source) } = await this.#find(file);
    return indexedAnnotations(source, index, select);
  }

  /** Looks for a file once: who asks for its format mostly opens it next. */
  #find(file: string): Promise<Found> {
    const found = this.#found.get(file) ?? this.#look(file);
    this.#found.set(file, found);
    return found;
  }

  async #look(file: string): Promise<Found> {
    const source = await PlacedFile.open(file);
    const path = this.#pathOf(source);
    const bytes = await readFile(path).catch(() => undefined);
    if (bytes === undefined) return { source };
    const index = parseIndex(bytes);
    if (index === "damaged") this.#notice(`${path}: the index of ${file} is damaged and is made anew`);
    if (typeof index === "string" || index.sha256 !== source.sha256) return { source };
    // What nobody uses for long is swept; a read-only folder is used all the same.
    await utimes(path, new Date(), new Date()).catch(() => undefined);
    return { source, index };
  }

  async #make(source: PlacedFile): Promise<AnnotationIndex> {
    const { size } = await stat(source.file);
    if (size >= defaults.longBytes)
      this.#notice(`${source.file}: ${Math.round(size / 1e6)} MB are read for the first time; an index is kept`);
    const index = await indexAnnotations(source.file);
    if (index.sha256 !== source.sha256)
      throw new HarnessError(`${source.file}: was changed while it was read`, {
        hint: "run again when nobody writes it",
      });
    await this.#keep(index, this.#pathOf(source));
    return index;
  }

  /** Writes the index beside its place and moves it there whole: another process finds all of it or nothing. */
  async #keep(index: AnnotationIndex, path: string): Promise<void> {
    const partial = `${path}.${randomUUID()}.partial-${process.pid}`;
    try {
      await mkdir(this.#folder, { recursive: true });
      const file = await open(partial, "wx");
      try {
        for (const piece of indexBytes(index)) await file.writeFile(piece);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(partial, path);
    } catch (error) {
      await rm(partial, { force: true }).catch(() => undefined);
      // The run does not hang on it.
      this.#notice(`${path}: the index can not be kept and is made anew each time (${(error as Error).message})`);
    }
  }

  #pathOf({ sha256 }: PlacedFile): string {
    return join(this.#folder, `${sha256.slice(0, 32)}.index`);
  }
}
