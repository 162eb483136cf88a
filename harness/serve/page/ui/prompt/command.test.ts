import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { predictCommand } from "./command.ts";
import { noPrompt } from "./edit.ts";

const runWords = "sam-nano --weights nano";

test("the command names the model, the photo, each point by its kind, and the box", () => {
  const points = [
    { x: 12, y: 30, label: 1 },
    { x: 4, y: 5, label: 0 },
  ] as const;
  const prompt = { points, box: { x0: 1, y0: 2, x1: 30, y1: 40 } };
  expect(predictCommand({ runWords, photo: "photos/000000397133.jpg", prompt })).toBe(
    "bench predict sam-nano --weights nano photos/000000397133.jpg --point 12,30 --not-point 4,5 --box 1,2,30,40",
  );
});

test.each(["my dog.jpg", "it's.jpg", "$(reboot).png", "-rf.png", "ein Bild; rm.jpg"])(
  "a shell takes the photo %s as one word that is no option",
  (photo) => {
    const command = predictCommand({ runWords, photo, prompt: noPrompt });
    const said = execFileSync("/bin/sh", ["-c", command.replace("bench predict", "printf '%s\\n'")], {
      encoding: "utf8",
    });
    const word = photo.startsWith("-") ? `./${photo}` : photo;
    expect(said.trimEnd().split("\n")).toEqual(["sam-nano", "--weights", "nano", word]);
  },
);
