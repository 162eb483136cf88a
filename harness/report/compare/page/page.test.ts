import { expect, test } from "vitest";
import type { Dataset } from "../../../api.ts";
import { type Comparison, compareRuns } from "../../../results/compare/compare.ts";
import { type SmallMask, samTokens, sideOfMasks } from "../fixtures/masks.ts";
import { comparisonPage, differingPictures } from "./index.ts";

const hostile = `</script><img src=x onerror=alert(1)>"'&`;

const masks = (pixels: number, token: number): readonly SmallMask[] => [
  { image: 1, target: 1, pixels: 8 },
  { image: 1, target: 4, pixels, token },
  { image: 2, target: 5, pixels: 4, token },
];

/** The masks of A lack two pixels of target 4 in B, (2, 0) and (3, 0); target 5 has another token of the same mask. */
async function compared(wish: Partial<Parameters<typeof differingPictures>[3]> = {}, name = "cat") {
  const a = sideOfMasks(masks(2, 1));
  const b = sideOfMasks(masks(4, 3));
  const dataset = { categories: [{ id: 4, name }], annotationsOf: () => [] };
  const options = { metrics: [], judged: {}, agreement: samTokens, seed: 0, dataset };
  const [comparison] = compareRuns(a, [b], options) as [Comparison];
  const pictures = await differingPictures(comparison, a, b, { photos: "embedded", ...wish });
  return { comparison, pictures, credits: ["photo by somebody, CC BY 2.0"] };
}

const read: number[] = [];
/** A dataset whose photo 1 can be read, and photo 2 not. */
const dataset = {
  async read(image: number) {
    read.push(image);
    if (image === 2) throw new Error("truncated");
    return { size: { height: 4, width: 4 }, pixels: new Uint8Array(48) };
  },
} as unknown as Dataset;

test("by hand: the outlines of both masks, and of the two pixels in which they differ", async () => {
  const { pictures } = await compared();
  expect(pictures.map(({ target }) => [target.target, target.maskIou])).toEqual([
    [4, 0.5],
    [5, 1],
  ]);
  const [two, token] = pictures;
  expect(two!.masks).toEqual({ a: [[0, 0, 2, 0, 2, 1, 0, 1]], b: [[0, 0, 4, 0, 4, 1, 0, 1]] });
  expect(two!.differs).toEqual([[2, 0, 4, 0, 4, 1, 2, 1]]);
  expect([token!.differs, token!.masks.a]).toEqual([[], token!.masks.b]);
});

test("photos are read from the data set, once each, and one that can not be read is left out", async () => {
  read.length = 0;
  const { pictures } = await compared({ dataset });
  expect(pictures.map(({ photo }) => photo?.slice(0, 23))).toEqual(["data:image/webp;base64,", undefined]);
  expect(read).toEqual([1, 2]);
  expect((await compared({ dataset, photos: "left out" })).pictures.map(({ photo }) => photo)).toEqual([
    undefined,
    undefined,
  ]);
  expect(read).toEqual([1, 2]);
});

test("the page has the figures of the text, a card for each target, and asks no address for anything", async () => {
  const page = comparisonPage([await compared({ dataset })], "2024-05-01T12:00:00.000Z");
  // 8 of 8, 2 of 4 and 4 of 4 pixels; two of three tokens differ.
  expect(page).toMatch(/<td>33\.33 %<\/td><td>0<\/td><td>0<\/td><td>0\.833333<\/td><td>0\.500000<\/td>/);
  expect(page.match(/<article class="card"/g)).toHaveLength(2);
  expect(page).toContain("mask IoU 0.500000, 2 px differ");
  expect(page).toContain('<path class="differs" d="M2 0L4 0L4 1L2 1Z"/>');
  expect(page).toContain("photo by somebody, CC BY 2.0 (shown smaller here)");
  expect(page).not.toMatch(/https?:\/\/(?!www\.w3\.org)/);
  const bare = comparisonPage([await compared()], "2024-05-01T12:00:00.000Z");
  expect(bare).not.toContain("photo by somebody");
});

test("everything that comes from data is escaped, and two comparisons have parts of their own", async () => {
  const one = await compared({}, hostile);
  const page = comparisonPage([one, one], "2024-05-01T12:00:00.000Z");
  expect(page).not.toContain("<img src=x");
  expect(page.split("&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;").length).toBeGreaterThan(4);
  expect([...page.matchAll(/<section id="([^"]+)"/g)].map(([, id]) => id)).toEqual([
    "1-agreement",
    "1-masks",
    "2-agreement",
    "2-masks",
  ]);
});

test("a comparison without masks is a page that says so", async () => {
  const { comparison } = await compared();
  const bare = { comparison: { ...comparison, agreement: undefined }, pictures: [], credits: [] };
  expect(comparisonPage([bare], "2024-05-01T12:00:00.000Z")).toContain("<li>the two runs share no masks</li>");
});
