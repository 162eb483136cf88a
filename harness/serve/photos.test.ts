import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readImage } from "../image/index.ts";
import { parseCounts } from "../mask/index.ts";
import { openDataset } from "../plan/data/openDataset.ts";
import { loadRegistry, type Registry } from "../plan/plugins/registry.ts";
import type { PageContent } from "../web/pageContent.ts";
import type { ServedTarget } from "./page/contract.ts";
import { servedPhotos } from "./photos.ts";

let registry: Registry;
let folder: string;
beforeAll(async () => {
  registry = await loadRegistry();
  folder = mkdtempSync(join(tmpdir(), "sam-bench-photos-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function bytesOf(content: PageContent | undefined): Promise<Buffer> {
  if (content === undefined || "file" in content) throw new Error("no bytes that are made");
  return Buffer.from(await content.bytes());
}

test("photos are served by their ids, byte by byte as they lie on disk, with their targets as COCO's strings", async () => {
  const dataset = await openDataset(registry, "photos", { seed: 0, images: [122745] });
  const { photos, contents } = await servedPhotos(dataset, "files");
  const file = await dataset.photoFile!(122745);
  expect(photos).toEqual([
    {
      id: "122745",
      size: { height: 640, width: 480 },
      address: "photos/122745.jpg",
      file,
      targets: "targets/122745.json",
    },
  ]);
  expect(Buffer.compare(await bytesOf(contents.get("photos/122745.jpg")), readFileSync(file))).toBe(0);
  const targets: readonly ServedTarget[] = JSON.parse(String(await bytesOf(contents.get("targets/122745.json"))));
  const own = dataset.targetsOf(122745);
  expect(targets.map(({ id, category }) => [id, category])).toEqual(own.map(({ id }) => [String(id), "stop sign"]));
  expect(parseCounts(targets[0]!.counts, photos[0]!.size)).toEqual(own[0]!.mask);
});

test("a page for others names no file of this machine, and drawn photos are served as PNG", async () => {
  const dataset = await openDataset(registry, "shapes", { seed: 0, limit: 1 });
  const { id } = dataset.images[0]!;
  const { photos, contents } = await servedPhotos(dataset, "ids");
  expect(photos[0]).toMatchObject({ address: `photos/${id}.png`, file: undefined });
  const file = join(folder, "drawn.png");
  writeFileSync(file, await bytesOf(contents.get(`photos/${id}.png`)));
  expect(Buffer.compare((await readImage(file)).pixels, (await dataset.read(id)).pixels)).toBe(0);
});
