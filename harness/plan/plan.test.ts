import { expect, test } from "vitest";
import { resolvePlan } from "./plan.ts";

const nano = { variants: "sam-nano", prompts: "box" };

test("without --dataset a run is on all 26 photos", async () => {
  const plan = await resolvePlan(nano);
  expect(plan.dataset.id).toBe("photos");
  expect(plan.images).toHaveLength(26);
  expect(plan.dataset.credits).toEqual([expect.stringMatching(/^photos: 26 of COCO val2017, CC BY 2\.0.*CC BY 4\.0$/)]);
});

test.each([
  ["photos", "--data: the dataset photos is part of its plug-in and reads no folder"],
  ["shapes", "--data: the dataset shapes is drawn and reads no folder"],
])("--data is refused with %s", async (dataset, message) => {
  await expect(resolvePlan({ ...nano, dataset, data: "." })).rejects.toThrow(message);
});
