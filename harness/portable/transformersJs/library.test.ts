import { join } from "node:path";
import { expect, test } from "vitest";
import { ownHome } from "../../commands/fixtures/ownHome.ts";
import { writtenLibraryFolder } from "../fixtures/writtenModel.ts";
import { comparedWithLibrary } from "./fixtures/agreement.ts";

const home = ownHome();

test("transformers.js loads the folder and gives the harness's masks, token and pixels, of a photo that the harness prepared", async () => {
  const folder = join(home(), "web");
  await writtenLibraryFolder("sam-nano", folder);
  const { byHarness, byLibrary } = await comparedWithLibrary("sam-nano", folder, 2);
  expect(byHarness.length).toBeGreaterThan(10);
  for (const { sameToken, iou } of byHarness) {
    expect(sameToken).toBe(true);
    expect(iou).toBeGreaterThan(0.999);
  }
  // Its own way to resize is another: library.slow.test.ts says by how much.
  const ious = byLibrary.map(({ iou }) => iou);
  expect(ious.reduce((sum, iou) => sum + iou, 0) / ious.length).toBeGreaterThan(0.8);
});
