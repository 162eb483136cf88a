import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { FindingKind, Severity } from "../check/findings.ts";
import { encodeJpeg, readImage } from "../image/index.ts";
import { shared } from "../shared.ts";
import { checkData } from "./dataCheck.ts";
import { memoryConsole } from "./fixtures/bench.ts";

const freePhotos = fileURLToPath(new URL("../../datasets/photos", import.meta.url));

/** An annotation file as JSON, of COCO or of LVIS. */
interface Json {
  images: { id: number; file_name: string; height: number; width: number; neg_category_ids?: number[] }[];
  annotations: {
    id: number;
    image_id: number;
    category_id: number;
    area: number;
    bbox: number[];
    segmentation: number[][] | object;
  }[];
  categories: { id: number; name: string }[];
}

interface Found {
  readonly kind: FindingKind;
  readonly severity: Severity;
  readonly count: number;
  readonly examples: readonly string[];
}

/** A copy of a data set that a test may break. */
class Copy {
  readonly folder = mkdtempSync(join(tmpdir(), "check-"));
  readonly json: Json;

  constructor(
    readonly source: string,
    private readonly name: string,
  ) {
    this.json = JSON.parse(readFileSync(join(source, name), "utf8")) as Json;
    const photos = join(source, "images");
    cpSync(photos, join(this.folder, "images"), { recursive: true });
  }

  photo(index: number): string {
    return join(this.folder, "images", this.json.images[index]!.file_name);
  }

  /** Returns the annotations that are polygons, the largest first. */
  get polygons() {
    return this.json.annotations
      .filter(({ segmentation }) => Array.isArray(segmentation))
      .sort((a, b) => b.area - a.area);
  }

  /** Writes the file, looks it through, and returns the exit code with what was found. */
  async check(as = this.name, more: object = {}): Promise<{ code: number; found: readonly Found[]; text: string }> {
    const file = join(this.folder, as);
    writeFileSync(file, JSON.stringify(this.json));
    const console = memoryConsole();
    const code = await checkData({ data: file, json: true, photos: true, ...more }, console);
    const text = console.said.out;
    return { code, found: (JSON.parse(text) as [{ findings: Found[] }])[0].findings, text };
  }
}

const original: readonly Pick<Found, "kind" | "severity">[] = [
  { kind: "box-off", severity: "note" },
  { kind: "image-empty", severity: "note" },
];

interface Planted {
  readonly what: string;
  plant(copy: Copy): void | Promise<void>;
  /** Kinds of the faults that come of it. */
  readonly kinds: readonly FindingKind[];
  /** Text that the first place has. */
  readonly example: RegExp;
  readonly as?: string;
}

const faults: readonly Planted[] = [
  {
    what: "a photo that is not there",
    plant: (copy) => rmSync(copy.photo(3)),
    kinds: ["photo-missing"],
    example: /^image \d+: no photo below /,
  },
  {
    what: "a photo cut short",
    plant: (copy) => truncateSync(copy.photo(3), 20_000),
    kinds: ["photo-damaged"],
    example: /damaged or cut short/,
  },
  {
    what: "a photo of another size",
    async plant(copy) {
      const { size, pixels } = await readImage(copy.photo(3));
      const { height, width } = size;
      writeFileSync(copy.photo(3), await encodeJpeg({ size: { height: width, width: height }, pixels }, 90));
    },
    kinds: ["photo-size"],
    example: /is \d+ x \d+, the file says \d+ x \d+$/,
  },
  {
    what: "one photo under two images",
    plant: (copy) => {
      const [first] = copy.json.images;
      const twin = copy.json.images.findIndex(
        ({ id, height, width }) => id !== first!.id && height === first!.height && width === first!.width,
      );
      copyFileSync(copy.photo(0), copy.photo(twin));
    },
    kinds: ["photo-twice"],
    example: /^images \d+ and \d+: /,
  },
  {
    what: "a polygon that reaches beyond its image",
    plant(copy) {
      const [annotation] = copy.polygons;
      const { width } = copy.json.images.find(({ id }) => id === annotation!.image_id)!;
      (annotation!.segmentation as number[][])[0]![0] = width + 7;
    },
    kinds: ["mask-outside"],
    example: /: 7\.0 px outside$/,
  },
  {
    what: "a run length mask of another size",
    plant(copy) {
      copy.polygons[0]!.segmentation = { size: [4, 4], counts: [4, 4, 8] };
    },
    kinds: ["mask-size"],
    example: /RLE of another size/,
  },
  {
    what: "a mask without a pixel",
    plant(copy) {
      copy.polygons[0]!.segmentation = [[5.1, 5.1, 5.2, 5.1, 5.2, 5.2]];
    },
    kinds: ["mask-empty"],
    example: /^annotation \d+ of image \d+$/,
  },
  {
    what: "no mask at all",
    plant(copy) {
      copy.polygons[0]!.segmentation = [];
    },
    kinds: ["mask-empty"],
    example: /no mask/,
  },
  {
    what: "a box off its mask",
    plant(copy) {
      copy.polygons[0]!.bbox[0]! += 40;
      copy.polygons[0]!.bbox[2]! -= 40;
    },
    kinds: ["box-off"],
    example: /: (39|40|41)\.\d px$/,
  },
  {
    what: "a small box on another thing",
    plant(copy) {
      const small = copy.polygons.at(-1)!;
      small.bbox[0]! -= small.bbox[2]! * 0.8;
    },
    kinds: ["box-off"],
    example: /px$/,
  },
  {
    what: "an area of another mask",
    plant(copy) {
      copy.polygons[0]!.area /= 10;
    },
    kinds: ["area-off"],
    example: /in the file, \d+ px in the mask$/,
  },
  {
    what: "an annotation twice, under another id",
    plant(copy) {
      copy.json.annotations.push({ ...copy.polygons[0]!, id: 1 });
    },
    kinds: ["annotation-twice"],
    example: /^annotation 1 of image \d+ is annotation \d+ again$/,
  },
  {
    what: "two annotations of one id",
    plant(copy) {
      copy.polygons[1]!.id = copy.polygons[0]!.id;
    },
    kinds: ["annotation-twice"],
    example: /duplicate id/,
  },
  {
    what: "an annotation of an image that is not there",
    plant(copy) {
      copy.polygons[0]!.image_id = 1;
    },
    kinds: ["image-unknown"],
    example: /unknown image \(found 1\)$/,
  },
  {
    what: "ids 1 to 80 in place of COCO's",
    plant(copy) {
      const ids = new Map(copy.json.categories.map(({ id }, i) => [id, i + 1]));
      for (const category of copy.json.categories) category.id = ids.get(category.id)!;
      for (const each of copy.json.annotations) each.category_id = ids.get(each.category_id)!;
    },
    kinds: ["category-scheme"],
    example: /^1 to 80 without COCO's gaps, stop sign is 12 here and 13 in COCO/,
  },
  {
    what: "annotations with ids 0 to 79 under COCO's categories",
    plant(copy) {
      const ids = new Map(copy.json.categories.map(({ id }, i) => [id, i]));
      for (const each of copy.json.annotations) each.category_id = ids.get(each.category_id)!;
    },
    kinds: ["category-unknown"],
    example: /unknown category/,
  },
  {
    what: "fewer images than the published split that the file is named as",
    plant: () => undefined,
    as: "instances_val2017.json",
    kinds: ["split-counts"],
    example: /^26 images, where COCO val2017 has 5,000$/,
  },
  {
    what: "an area that is text",
    plant(copy) {
      (copy.polygons[0] as { area: unknown }).area = "large";
    },
    kinds: ["field"],
    example: /, area: wrong type/,
  },
];

describe("a copy of the free photos", () => {
  test("has no fault, and the notes that the originals have", async () => {
    const { code, found } = await new Copy(freePhotos, "instances.json").check();
    expect(code).toBe(0);
    expect(found).toMatchObject(original);
    expect(found.map(({ count }) => count)).toEqual([3, 2]);
  });

  test.each(faults)("with $what has that fault and no other", async ({ plant, kinds, example, as }) => {
    const copy = new Copy(freePhotos, "instances.json");
    await plant(copy);
    // Faults of annotations need no photo decoded, which is most of the time.
    const { code, found } = await copy.check(as, { photos: kinds.some((kind) => kind.startsWith("photo")) });
    const wrong = found.filter(({ severity }) => severity === "fault");
    expect(code).toBe(1);
    expect(wrong.map(({ kind }) => kind)).toEqual(kinds);
    expect(wrong[0]!.examples[0]).toMatch(example);
  });

  test("with a photo that is not there has no fault where photos are not looked at", async () => {
    const copy = new Copy(freePhotos, "instances.json");
    rmSync(copy.photo(3));
    const { code, text } = await copy.check("instances.json", { photos: false });
    expect(code).toBe(0);
    expect(text).not.toContain('"photos"');
  });
});

test("the text names file, counts, findings with their first places, and the verdict", async () => {
  const copy = new Copy(freePhotos, "instances.json");
  for (const i of [3, 4, 5, 6]) rmSync(copy.photo(i));
  await copy.check();
  const console = memoryConsole();
  expect(await checkData({ data: copy.folder }, console)).toBe(1);
  const text = console.said.out.replaceAll(copy.folder, "DATA");
  expect(text).toContain(
    "DATA/instances.json\n  COCO instances (photos of val2017): 26 images, 206 annotations, 2 of them crowds, 80 categories\n",
  );
  expect(text).toContain(
    "  photos: 22 of 26 are there; each was decoded whole\n  fault: photos are missing, 4 (photo-missing)\n",
  );
  expect(text).toContain("    and 1 more\n  note: boxes lie off their masks, 3 (box-off)\n");
  expect(text).toMatch(/\n\n1 kind of fault in 1 of 1 file; 2 notes of what published files have too\n$/);
});

test("a folder without an annotation file, and one that is not there, are refused", async () => {
  const empty = mkdtempSync(join(tmpdir(), "check-"));
  await expect(checkData({ data: empty }, memoryConsole())).rejects.toThrow(
    "no annotation file of COCO or LVIS below it (found no JSON file",
  );
  await expect(checkData({ data: join(empty, "x") }, memoryConsole())).rejects.toThrow("no such file or folder");
  await expect(checkData({}, memoryConsole())).rejects.toThrow("a folder or an annotation file is needed");
});

test("a file that breaks off is a fault of that file, and the others are looked through", async () => {
  const copy = new Copy(freePhotos, "instances.json");
  await copy.check();
  writeFileSync(join(copy.folder, "lvis_v1_val.json"), '{"images": [');
  const console = memoryConsole();
  expect(await checkData({ data: copy.folder, json: true }, console)).toBe(1);
  const answers = JSON.parse(console.said.out) as { file: string; findings: Found[] }[];
  expect(answers.map(({ findings }) => findings.map(({ kind }) => kind))).toEqual([
    ["box-off", "image-empty"],
    ["field"],
  ]);
});

describe.skipIf(shared === undefined)("the real set, where ../shared lies", () => {
  const realset = () => join(shared!, "realset");

  test("has no fault, and the notes that its README names", async () => {
    const console = memoryConsole();
    expect(await checkData({ data: realset(), json: true }, console)).toBe(0);
    const answers = JSON.parse(console.said.out) as { findings: Found[] }[];
    expect(answers).toHaveLength(4);
    for (const { findings } of answers) for (const { severity } of findings) expect(severity).toBe("note");
    expect(answers.map(({ findings }) => findings.map(({ kind, count }) => `${kind} ${count}`))).toEqual([
      ["box-off 16", "image-empty 2"],
      ["box-off 4", "image-empty 1"],
      ["box-off 1", "image-empty 1"],
      ["box-off 1"],
    ]);
  });

  test("with ten faults at once shows each of them once", async () => {
    const copy = new Copy(realset(), "coco.json");
    const [a, b, c, d, e, f] = copy.polygons.filter(({ image_id }) => image_id !== copy.json.images[5]!.id);
    rmSync(copy.photo(0));
    truncateSync(copy.photo(1), 20_000);
    const { size, pixels } = await readImage(copy.photo(2));
    const turned = { height: size.width, width: size.height };
    writeFileSync(copy.photo(2), await encodeJpeg({ size: turned, pixels }, 90));
    const twin = copy.json.images.findIndex(
      ({ height, width }, i) =>
        i > 2 && i !== 5 && height === copy.json.images[5]!.height && width === copy.json.images[5]!.width,
    );
    copyFileSync(copy.photo(5), copy.photo(twin));
    (a!.segmentation as number[][])[0]![1] = -9;
    b!.segmentation = { size: [4, 4], counts: [4, 4, 8] };
    c!.segmentation = [];
    d!.bbox[1]! -= 60;
    e!.area *= 20;
    copy.json.annotations.push({ ...f!, id: 1 });
    const { code, found } = await copy.check();
    expect(code).toBe(1);
    const wrong = found.filter(({ severity }) => severity === "fault");
    expect(wrong.map(({ kind, count }) => `${kind} ${count}`)).toEqual([
      "photo-missing 1",
      "photo-damaged 1",
      "photo-size 1",
      "photo-twice 1",
      "mask-empty 1",
      "mask-outside 1",
      "mask-size 1",
      "box-off 1",
      "area-off 1",
      "annotation-twice 1",
    ]);
  });

  test("categories of LVIS v0.5 in a file of v1 are found, and a category that its image is said not to show", async () => {
    const copy = new Copy(realset(), "lvis.json");
    const v05 = JSON.parse(readFileSync(join(realset(), "lvis_v05_as_released.json"), "utf8")) as Json;
    copy.json.categories = v05.categories;
    const schemes = await copy.check("lvis_v1_val.json", { photos: false });
    expect(schemes.found.map(({ kind }) => kind).slice(0, 2)).toEqual(["split-counts", "category-scheme"]);
    expect(schemes.found[1]!.examples).toEqual([
      "categories of LVIS v0.5 (aerosol_can is 2) in a file named as one of v1",
    ]);
    const listed = new Copy(realset(), "lvis.json");
    const [annotation] = listed.json.annotations;
    listed.json.images.find(({ id }) => id === annotation!.image_id)!.neg_category_ids = [annotation!.category_id];
    const { found } = await listed.check("lvis.json", { photos: false });
    expect(found[0]).toMatchObject({ kind: "lists-contradict", severity: "fault" });
  });
});
