import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readImage } from "../image/index.ts";
import { dumpTokens } from "./fixtures/tokensDump.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const dump = (variants: string) => dumpTokens(variants, folder);

// Half of the windows and a quarter of the tokens are kept, and a pixel of the photo may be as dark as what is left out.
test.each([
  ["sparsevit/sam-nano/0-0.5-0.5-0.5", ["block 1", "blocks 3-4"], 0.3, 0.75],
  ["blvit-nano", ["after layer 1", "after layer 4"], 0.15, 0.5],
  ["evit/sam-nano", ["from block 3"], 0.15, 0.5],
])("a run of %s with --dump tokens leaves a picture beside its rows, of %j", async (variant, parts, least, most) => {
  const { plan, notes } = await dump(variant);
  const note = notes.find((text) => text.includes("tokens-3.png"))!;
  expect(note.split("from the left: ")[1]).toBe(parts.join(", "));
  const picture = await readImage(/: (.*tokens-3\.png)/.exec(note)![1]!);
  const photo = await plan.dataset.read(3);
  const { height, width } = photo.size;
  expect(picture.size).toEqual({ height, width: parts.length * (width + 8) - 8 });
  // A pixel of the first panel is the photo's where its token is kept, and dark elsewhere.
  let same = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const own = 3 * (y * picture.size.width + x);
      const original = 3 * (y * width + x);
      if ([0, 1, 2].every((c) => picture.pixels[own + c] === photo.pixels[original + c])) same += 1;
    }
  const share = same / (height * width);
  expect(share).toBeGreaterThan(least);
  expect(share).toBeLessThan(most);
});
