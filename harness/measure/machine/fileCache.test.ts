import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dropFromCache, readThrough } from "./fileCache.ts";

const folder = mkdtempSync(join(tmpdir(), "cache-"));
const file = join(folder, "encoder.onnx");
const data = join(folder, "encoder.onnx.data");
writeFileSync(file, new Uint8Array(3_000_000));
writeFileSync(data, new Uint8Array(5));

/** A system whose fincore gives these bytes for one file after the other. */
function system(...resident: readonly string[]) {
  const called: string[] = [];
  const left = [...resident];
  const tool = (program: string, args: readonly string[]) => {
    called.push(`${program} ${args.join(" ")}`);
    if (program === "dd") return "";
    const next = left.shift();
    if (next === undefined) throw new Error("no such program");
    return next;
  };
  return { tool, called };
}

test("every file is dropped, and none of their bytes is resident after it", () => {
  const { tool, called } = system("0\n", "  0\n");
  expect(dropFromCache([file, data], tool)).toBeUndefined();
  expect(called.slice(0, 2)).toEqual([
    `dd of=/dev/null if=${file} iflag=nocache count=0`,
    `dd of=/dev/null if=${data} iflag=nocache count=0`,
  ]);
});

test("where pages stayed, or where nobody can tell, the reason is returned", () => {
  expect(dropFromCache([file, data], system("0", "4096").tool)).toBe("4096 bytes stayed in the file cache");
  expect(dropFromCache([file], system().tool)).toMatch(/no fincore/);
  expect(dropFromCache([file], system("RES").tool)).toMatch(/no fincore/);
  const none = () => {
    throw new Error("no such program");
  };
  expect(dropFromCache([file], none)).toMatch(/no dd/);
});

test("files are read to their last byte", () => {
  expect(readThrough([file, data])).toBe(3_000_005);
});
