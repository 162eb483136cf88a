import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { followTransfers } from "./transfers.ts";

test("a download's last figure is its total, to the digit that is shown, and files are counted whole", () => {
  let written = "";
  const stream = new Writable({
    write(chunk, _, done) {
      written += String(chunk);
      done();
    },
  });
  const transfers = followTransfers({ out: stream, notes: Object.assign(stream, { isTTY: true, columns: 80 }) });
  transfers.progress("mobilesam", "download", 40_730_000, 40_730_000);
  transfers.progress("photos", "unpack", 1234, 1234);
  expect(written).toContain("mobilesam  40.7/40.7 MB");
  expect(written).toContain("photos, unpacking  1234/1234 files");
});
