import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { requireLoadable } from "./open.ts";

test("a file that a browser can not load in one piece is refused before a browser is started", () => {
  const folder = mkdtempSync(join(tmpdir(), "sam-bench-page-"));
  try {
    const file = join(folder, "encoder.onnx.data");
    writeFileSync(file, "");
    // Sparse: it takes no room on the disk.
    truncateSync(file, 2 ** 31 - 1);
    requireLoadable("sam-vit-h", [file]);
    truncateSync(file, 2 ** 31);
    expect(() => requireLoadable("sam-vit-h", [file])).toThrow(
      "sam-vit-h: its weights are too large for a page (found 2.1 GB in encoder.onnx.data, expected at most 2.1 GB",
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
