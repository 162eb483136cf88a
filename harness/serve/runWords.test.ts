import { expect, test } from "vitest";
import { planOfModels } from "./plan.ts";
import { dataWords, runWords } from "./runWords.ts";

const checkpoint = ["sam-nano:mine=variants/sam/sam-nano.safetensors"];

test("a model's words name its own weights alone, for a shell, and no folder to others", async () => {
  const flags = { variants: "mobilesam-nano,sam-nano:mine", weights: "auto", checkpoint } as const;
  const plan = await planOfModels(flags, 2);
  const words = (files: "as given" | "without folders") =>
    plan.chosen.map((chosen) => runWords(chosen, { plan, flags, files }));
  expect(words("as given")).toEqual(["mobilesam-nano", `sam-nano:mine --checkpoint ${checkpoint[0]}`]);
  expect(words("without folders")[1]).toBe("sam-nano:mine --checkpoint sam-nano:mine=sam-nano.safetensors");
  const seeded = { variants: "sam-nano", weights: "seeded" } as const;
  const one = await planOfModels(seeded, 1);
  expect(runWords(one.chosen[0]!, { plan: one, flags: seeded, files: "as given" })).toBe("sam-nano --weights seeded");
});

test("words with blanks and signs of a shell are quoted, and no data set has no words", () => {
  expect(dataWords({ dataset: "folder", data: "/my photos/it's" }, "as given")).toBe(
    "--dataset folder --data '/my photos/it'\\''s'",
  );
  expect(dataWords({ dataset: "folder", data: "/home/me/photos" }, "without folders")).toBe(
    "--dataset folder --data photos",
  );
  expect(dataWords({}, "as given")).toBeUndefined();
});

test("one model named twice is one model, and not two side by side", async () => {
  await expect(planOfModels({ variants: "sam-nano,sam-nano" }, 2)).rejects.toThrow(
    "sam-nano,sam-nano: not as many models as names (found 1, expected 2)",
  );
});
