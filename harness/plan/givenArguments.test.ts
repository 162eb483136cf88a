import { resolve } from "node:path";
import { expect, test } from "vitest";
import { givenArguments } from "./givenArguments.ts";
import { planOptions } from "./options.ts";

test("options are given on as words, without those that have their default value", () => {
  expect(givenArguments({ dataset: "photos", limit: 3, prompts: "box", results: "elsewhere" }, planOptions)).toEqual([
    ...["--prompts", "box"],
    ...["--limit", "3"],
  ]);
});

test("paths are absolute, in a checkpoint behind its variant, and a list is one option for each of its values", () => {
  const args = { data: "coco", checkpoint: ["sam-nano=a=b.pth", "mobilesam=c.pth"], dataset: "coco" };
  expect(givenArguments(args, planOptions)).toEqual([
    ...["--checkpoint", `sam-nano=${resolve("a=b.pth")}`],
    ...["--checkpoint", `mobilesam=${resolve("c.pth")}`],
    ...["--dataset", "coco"],
    ...["--data", resolve("coco")],
  ]);
  expect(givenArguments({ variants: "sam-nano,./new.pth", checkpoint: ["runs/new.pth"] }, planOptions)).toEqual([
    ...["--variants", `sam-nano,${resolve("new.pth")}`],
    ...["--checkpoint", resolve("runs/new.pth")],
  ]);
});
