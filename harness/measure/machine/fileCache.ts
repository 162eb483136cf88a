import { execFileSync } from "node:child_process";
import { closeSync, fsyncSync, openSync, readSync } from "node:fs";

/** Runs a program with these arguments and returns what it prints. Throws where there is no such program, or it fails. */
type Tool = (program: string, args: readonly string[]) => string;

const systemTool: Tool = (program, args) =>
  execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });

/**
 * Drops files from the cache that the system keeps of its disks, as a machine has it that was just started. Returns the reason
 * where a part of them stayed, or where nobody can tell: then the next read is no read of a disk.
 * Source: `dd … iflag=nocache count=0` of GNU coreutils advises POSIX_FADV_DONTNEED for a whole file; `fincore` of util-linux
 * counts the bytes that are resident, by mincore(2).
 */
export function dropFromCache(files: readonly string[], tool: Tool = systemTool): string | undefined {
  try {
    for (const file of files) {
      // Pages that are not on the disk yet are not dropped.
      writeThrough(file);
      tool("dd", ["of=/dev/null", `if=${file}`, "iflag=nocache", "count=0"]);
    }
  } catch {
    return "the system has no dd that drops files (GNU coreutils)";
  }
  try {
    const resident = files.reduce((sum, file) => sum + residentBytes(file, tool), 0);
    return resident === 0 ? undefined : `${resident} bytes stayed in the file cache`;
  } catch {
    return "the system has no fincore (util-linux), so that nobody can tell whether they were dropped";
  }
}

function residentBytes(file: string, tool: Tool): number {
  const text = tool("fincore", ["--noheadings", "--bytes", "--output", "RES", file]).trim();
  if (!/^\d+$/.test(text)) throw new Error(`fincore said ${text}`);
  return Number(text);
}

function writeThrough(file: string): void {
  const descriptor = openSync(file, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

const defaults = { chunkBytes: 2 ** 20 };

/** Reads files from their first byte to their last, and keeps nothing of them. Returns how many bytes they are. */
export function readThrough(files: readonly string[]): number {
  const chunk = Buffer.allocUnsafe(defaults.chunkBytes);
  let bytes = 0;
  for (const file of files) {
    const descriptor = openSync(file, "r");
    try {
      for (let read = readSync(descriptor, chunk); read > 0; read = readSync(descriptor, chunk)) bytes += read;
    } finally {
      closeSync(descriptor);
    }
  }
  return bytes;
}
