import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import photos from "./dataset.ts";

interface Source {
  readonly file: string;
  readonly id: number;
  readonly address: string;
  readonly licence: string;
  readonly sha256: string;
}

const here = (name: string) => new URL(name, import.meta.url);
const files = readdirSync(here("images")).sort();
const json = JSON.parse(readFileSync(here("instances.json"), "utf8"));
const sources = readFileSync(here("SOURCES.md"), "utf8")
  .split("\n")
  .filter((row) => /^\| \d/.test(row))
  .map((row): Source => {
    const [file, id, address, licence, sha256] = row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()) as [string, string, string, string, string];
    return { file, id: Number(id), address, licence, sha256 };
  });

test("the folder holds 26 photos, those of the list, each with the bytes that the list says", () => {
  expect(files).toHaveLength(26);
  expect(sources.map(({ file }) => file)).toEqual(files);
  const hashes = files.map((file) =>
    createHash("sha256")
      .update(readFileSync(here(`images/${file}`)))
      .digest("hex"),
  );
  expect(sources.map(({ sha256 }) => sha256)).toEqual(hashes);
});

test("every photo is under CC BY 2.0, by COCO's own licence id and by the list", () => {
  expect(json.licenses).toEqual([
    expect.objectContaining({ id: 4, url: "http://creativecommons.org/licenses/by/2.0/" }),
  ]);
  expect(json.images.map(({ license }: { license: number }) => license)).toEqual(files.map(() => 4));
  expect([...new Set(sources.map(({ licence }) => licence))]).toEqual(["CC BY 2.0"]);
});

test("list and annotations name the same photos and addresses, and no annotation is of another", () => {
  const listed = sources.map(({ file, id, address }) => [file, id, address]);
  const images = json.images.map((image: Record<string, unknown>) => [image.file_name, image.id, image.flickr_url]);
  expect(images.toSorted()).toEqual(listed);
  const ids = new Set(sources.map(({ id }) => id));
  const strangers = json.annotations.filter((each: { image_id: number }) => !ids.has(each.image_id));
  expect(strangers).toEqual([]);
  expect(json.annotations).toHaveLength(206);
  expect(readFileSync(here("SOURCES.md"), "utf8")).toMatch(/no photographer's name/);
});

test("the data set has every photo at its size, 204 instances and two crowds, and two photos at the end without any", async () => {
  const dataset = await photos.open({ seed: 0 });
  expect(dataset.id).toBe("photos");
  expect(dataset.images).toHaveLength(26);
  expect(dataset.warnings).toEqual([]);
  for (const { id, size } of dataset.images) expect((await dataset.read(id)).size).toEqual(size);
  const annotations = dataset.images.flatMap(({ id }) => dataset.annotationsOf(id));
  expect([annotations.length, annotations.filter(({ crowd }) => crowd).length]).toEqual([206, 2]);
  expect(dataset.images.map(({ id }) => id).filter((id) => dataset.targetsOf(id).length === 0)).toEqual([
    58636, 226111,
  ]);
  expect(dataset.categories).toHaveLength(80);
});

test("the credit counts the photos that are read, and names both licences and the list", async () => {
  const { credits } = await photos.open({ seed: 0, limit: 3 });
  expect(credits).toEqual([
    "photos: 3 of COCO val2017, CC BY 2.0, each with its address in datasets/photos/SOURCES.md; annotations: COCO Consortium, CC BY 4.0",
  ]);
});

test("the fingerprint follows the photos that are chosen", async () => {
  const printOf = async (limit?: number) => {
    const { fingerprint } = await photos.open(limit === undefined ? { seed: 0 } : { seed: 0, limit });
    return fingerprint;
  };
  expect(await printOf(26)).toBe(await printOf());
  expect(await printOf(25)).not.toBe(await printOf());
});

test.each([
  ["calibration", "dataset photos: is there to be scored, and nothing is calibrated on it"],
  ["search", "dataset photos: is there to be scored, and no setting is searched on it"],
] as const)("a %s is refused", async (purpose, said) => {
  await expect(photos.open({ seed: 0, purpose })).rejects.toThrow(said);
});
