import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { observe } from "./observe.ts";

test("a terminal says what is checked before a run, image by image, and goes on with the run's own line", () => {
  let written = "";
  const stream = () =>
    new Writable({
      write(chunk, _, done) {
        written += String(chunk);
        done();
      },
    });
  const observer = observe({ out: stream(), notes: Object.assign(stream(), { isTTY: true, columns: 200 }) });
  observer.overlap("sam-fast/sam-nano", { done: 1, total: 40 });
  const figure = {
    id: "miou",
    title: "mIoU",

    prompts: "box",
    value: 0.381,
    low: 0.321,
    high: 0.441,
    n: 9,
  };
  const whole = { done: 41, total: 80, before: 0, turns: 10 };
  observer.images("sam-fast/sam-nano", { done: 1, total: 40, image: 7, before: 0, figure, whole });
  observer.finish();
  expect(written).toContain(
    "checking that sam-fast/sam-nano is not scored on images that it is calibrated on  1/40 images",
  );
  expect(written).toContain("accuracy, sam-fast/sam-nano 1/40  mIoU box 38.1 ±6.0  41/80 images");
});
