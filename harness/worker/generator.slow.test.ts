import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { shared } from "../shared.ts";
import everywhere from "./fixtures/generator.json" with { type: "json" };
import { beyondBounds, generatedMasks } from "./fixtures/generator.ts";
import { type LoadedNano, loadNano } from "./fixtures/loadedNano.ts";

/** Point x, y, predicted IoU, stability, area px. */
type Row = readonly [number, number, number, number, number];

interface Photo {
  readonly image: number;
  readonly settings: Readonly<Record<string, { readonly n: number; readonly rows: readonly Row[] }>>;
}

describe.skipIf(shared === undefined)("the masks that stay on three photos, where ../shared lies", () => {
  const read = () => readFileSync(join(shared!, "nano", "authors", "everything.json"), "utf8");
  const photos = shared === undefined ? [] : (JSON.parse(read()) as { photos: readonly Photo[] }).photos;
  const fileName = (image: number) => `${String(image).padStart(12, "0")}.jpg`;
  const cases = photos
    .flatMap(({ image, settings }) =>
      Object.entries(settings).map(([setting, expected]) => ({ image, setting, expected })),
    )
    // generator.test.ts runs the others.
    .filter(({ image, setting }) => !(fileName(image) === everywhere.photo.file && setting in everywhere.settings));

  let nano: LoadedNano;
  beforeAll(async () => {
    nano = await loadNano("sam-nano");
  });
  afterAll(() => nano.close());

  test.each(cases)(
    "are those of the authors' generator: photo $image, $setting",
    async ({ image, setting, expected: { n, rows } }) => {
      const file = join(shared!, "realset", "images", fileName(image));
      const kept = await generatedMasks(nano, file, setting);
      const expected = rows.map(([x, y, predictedIou, , areaPx]) => [x, y, predictedIou, areaPx] as const);
      expect(beyondBounds(kept, { n, rows: expected })).toEqual([]);
    },
    600_000,
  );
});
