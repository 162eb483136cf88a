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
  observer.images("sam-fast/sam-nano", { done: 1, total: 40, image: 7, before: 0 });
  observer.finish();
  expect(written).toContain(
    "checking that sam-fast/sam-nano is not scored on images that it is calibrated on  1/40 images",
  );
  expect(written).toContain("sam-fast/sam-nano, image 7  1/40 images");
});
