import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Names the folder to the projects of one run: each calls `setup`, and the first makes it. */
const variable = "SAM_BENCH_TESTS_TMP";

/** Gives all tests one temporary folder: what they leave behind goes with it. Its name is short, as names of sockets have to be. */
export function setup(): (() => void) | undefined {
  if (process.env[variable] !== undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "sbt-"));
  process.env[variable] = folder;
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
