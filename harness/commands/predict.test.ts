import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readLabelPng } from "../image/index.ts";
import { areaOf, encodeRle, parseCounts } from "../mask/index.ts";
import { memoryConsole } from "./fixtures/bench.ts";
import { predict } from "./predict.ts";
import { predictedText } from "./text/predict.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-predict-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const photo = "datasets/photos/images/000000122745.jpg";
const asked = { variant: "sam-nano", photo, weights: "auto", seed: 0, threads: 1 };

test("one prompt gives every mask as COCO's run lengths, and the one that is kept as a picture", async () => {
  const console = memoryConsole();
  const out = join(folder, "mask.png");
  const args = { ...asked, point: ["280,180"], "not-point": ["100,400"], out, json: true };
  expect(await predict.run(args, console)).toBe(0);
  const { variant, prompt, tokens, chosen, timesMs, size } = JSON.parse(console.said.out);
  expect([variant, size, prompt.points.length]).toEqual(["sam-nano", { height: 640, width: 480 }, 2]);
  expect(tokens).toHaveLength(4);
  expect(chosen).toBeGreaterThan(0);
  const confidence = tokens.slice(1).map((token: { predictedIou: number }) => token.predictedIou);
  expect(tokens[chosen].predictedIou).toBe(Math.max(...confidence));
  for (const duration of Object.values(timesMs)) expect(duration).toBeGreaterThan(0);
  const mask = parseCounts(tokens[chosen].counts, size);
  expect(areaOf(mask)).toBe(tokens[chosen].areaPx);
  const written = await readLabelPng(out);
  expect(encodeRle(written.labels, written.size)).toEqual(mask);
});

test.each([
  [{}, "a prompt is needed"],
  [{ point: ["9,9"], variant: "baseline/prompt" }, "baseline/prompt: is a floor, and looks at no photo"],
  [{ point: ["9,9"], variant: "sam-nano,mobilesam-nano" }, "not as many models as names (found 2, expected 1)"],
  [{ point: ["9,9"], photo: "SECURITY.md" }, "SECURITY.md"],
])("%o is the user's to mend", async (args, message) => {
  await expect(predict.run({ ...asked, ...args }, memoryConsole())).rejects.toThrow(message);
});

const size = { height: 2, width: 2 };
const mask = { size, counts: Uint32Array.of(1, 3) };
const text = (width?: number) =>
  predictedText(
    {
      variant: "mine",
      weights: "mine.safetensors",
      size,
      prompt: { frame: "image", points: [{ x: 1, y: 1, label: 0 }], box: { x0: 0, y0: 0, x1: 2, y1: 2 } },
      answer: {
        tokens: [{ mask, predictedIou: 0.875 }, { mask }],
        chosen: 1,
        prepareMs: 1,
        encodeMs: 20,
        decodeMs: 3,
        upscaleMs: 0.25,
      },
    },
    width,
  );

test("the text has a row for each mask, units, and nothing where no IoU is predicted", () => {
  expect(text().split("\n")).toEqual(
    [
      "mine (mine.safetensors) on 2 x 2 px, points not of it: 1, a box",
      "mask  predicted IoU %  area px  area %      ",
      "----  ---------------  -------  ------  ----",
      "   0             87.5        3   75.00      ",
      "   1                         3   75.00  kept",
      "prepare 1.0 ms, encode 20.0 ms, decode 3.0 ms, upscale 0.3 ms; a first run: bench run measures",
    ].map((line) => line.trimEnd()),
  );
});

test.each([80, 100, 200])("no line is wider than a terminal of %i columns", (width) => {
  for (const line of text(width).split("\n")) expect(line.length).toBeLessThanOrEqual(width);
});
