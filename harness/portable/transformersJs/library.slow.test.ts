import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { samInput } from "../../../variants/sam/presets.ts";
import type { ModelInputSpec } from "../../api.ts";
import { memoryConsole } from "../../commands/fixtures/bench.ts";
import { ownHome } from "../../commands/fixtures/ownHome.ts";
import { onnx } from "../../commands/onnx.ts";
import { readImage } from "../../image/index.ts";
import { areaOf, encodeRle, plainIou } from "../../mask/index.ts";
import { writtenLibraryFolder } from "../fixtures/writtenModel.ts";
import { type Compared, comparedWithLibrary, preparedByHarness, preparedDifference } from "./fixtures/agreement.ts";
import { openLibrary } from "./fixtures/library.ts";

const home = ownHome();
const photos = 26;
const photo = fileURLToPath(new URL("../../../datasets/photos/images/000000058636.jpg", import.meta.url));

type Pairs = Compared["byHarness"];
const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const sameTokens = (pairs: Pairs) => pairs.filter(({ sameToken }) => sameToken);

function said(pairs: Pairs): string {
  const same = sameTokens(pairs).map(({ iou }) => iou);
  const least = Math.min(...same).toFixed(4);
  return `token equal in ${same.length} of ${pairs.length}, there mean IoU ${meanOf(same).toFixed(4)}, least ${least}`;
}

test.each([
  ["sam-nano", 0.9, 6.6],
  ["mobilesam-nano", 0.96, 2.3],
  ["half/sam-nano", 0.9, 6.6],
  ["w4/sam-nano", 0.9, 6.6],
] as const)("%s: all 26 photos, one point and three on each target", async (variant, leastIou, levels) => {
  const folder = join(home(), variant.replaceAll("/", "-"));
  await writtenLibraryFolder(variant, folder);
  const compared = await comparedWithLibrary(variant, folder, photos);
  const mean = meanOf(compared.photos.map((each) => each.mean));
  console.log(`${variant}, photos prepared by the harness: ${said(compared.byHarness)}`);
  console.log(
    `${variant}, photos prepared by the library: ${said(compared.byLibrary)}; ${mean.toFixed(2)} levels apart`,
  );
  expect(compared.byHarness).toHaveLength(408);
  expect(sameTokens(compared.byHarness)).toHaveLength(408);
  expect(Math.min(...compared.byHarness.map(({ iou }) => iou))).toBeGreaterThan(0.9995);
  expect(sameTokens(compared.byLibrary).length).toBeGreaterThan(390);
  expect(meanOf(sameTokens(compared.byLibrary).map(({ iou }) => iou))).toBeGreaterThan(leastIou);
  expect(mean).toBeCloseTo(levels, 0);
});

/** Changes fields of a folder's `preprocessor_config.json`. */
function changePreprocessor(folder: string, fields: object): void {
  const file = join(folder, "preprocessor_config.json");
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), ...fields }));
}

test("a resize that averages brings sam-nano's masks nearer to the harness's, and does not make them equal", async () => {
  const folder = join(home(), "averaged");
  await writtenLibraryFolder("sam-nano", folder);
  changePreprocessor(folder, { resample: 1 });
  const { byLibrary } = await comparedWithLibrary("sam-nano", folder, photos);
  console.log(`sam-nano, photos prepared by the library, averaged: ${said(byLibrary)}`);
  expect(sameTokens(byLibrary).length).toBeGreaterThan(400);
  expect(meanOf(sameTokens(byLibrary).map(({ iou }) => iou))).toBeGreaterThan(0.95);
});

/** Returns how far the library and the harness prepare the photos apart that both give one size: levels, the mean of photos. */
async function levelsApart(folder: string, spec: ModelInputSpec): Promise<number> {
  const library = await openLibrary(folder);
  const differences = [];
  for (const name of readdirSync(dirname(photo))) {
    const image = await readImage(join(dirname(photo), name));
    differences.push(preparedDifference(preparedByHarness(image, spec), await library.prepare(image), spec));
  }
  await library.close();
  return meanOf(differences.filter(({ sameSize }) => sameSize).map(({ mean }) => mean));
}

test("which resize of the library is the nearer one depends on the side", async () => {
  const folder = join(home(), "sides");
  await writtenLibraryFolder("sam-nano", folder);
  const levels: Record<string, number> = {};
  for (const side of [256, 512, 1024])
    for (const [name, resample] of Object.entries({ averaged: 1, "four pixels": 2 })) {
      changePreprocessor(folder, {
        resample,
        size: { longest_edge: side },
        pad_size: { height: side, width: side },
      });
      levels[`${side} px, ${name}`] = await levelsApart(folder, { ...samInput, side });
    }
  console.log(levels);
  expect(levels["256 px, averaged"]).toBeLessThan(levels["256 px, four pixels"]!);
  expect(levels["1024 px, averaged"]).toBeGreaterThan(levels["1024 px, four pixels"]!);
});

test("tensors that lie beside a graph are found by the library", async () => {
  const folder = join(home(), "mobilesam");
  const args = { variant: "mobilesam", weights: "seeded", layout: "transformers.js", out: folder };
  expect(await onnx.run(args, memoryConsole())).toBe(0);
  const library = await openLibrary(folder);
  const prepared = await library.prepare(await readImage(photo));
  const [answer] = await library.answers(prepared, [[{ x: 221, y: 190, label: 1 }]]);
  await library.close();
  expect(answer!.mask.size).toEqual(prepared.image);
});

test("the script writes the mask that the library gives", async () => {
  const folder = join(home(), "script");
  await writtenLibraryFolder("sam-nano", folder);
  const out = join(home(), "mask.png");
  const script = fileURLToPath(new URL("segment.mjs", import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [script, folder, photo, out, "221", "190"]);
  expect([status, String(stderr)]).toEqual([0, ""]);
  const library = await openLibrary(folder);
  const prepared = await library.prepare(await readImage(photo));
  const [answer] = await library.answers(prepared, [[{ x: 221, y: 190, label: 1 }]]);
  await library.close();
  const { size, pixels } = await readImage(out);
  const found = encodeRle(
    pixels.filter((_, i) => i % 3 === 0).map((value) => Number(value > 127)),
    size,
  );
  expect(areaOf(found)).toBeGreaterThan(500);
  expect(plainIou(found, answer!.mask)).toBe(1);
});
