import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sha256 } from "../../store/canonical.ts";
import { CodeCache } from "./codeFacts.ts";

let folder: string;
let file: string;
let place: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-code-"));
  file = join(folder, "a.ts");
  place = join(folder, "cache", "code.json");
  await writeAndSettle('import "./b.ts";');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Writes the file, and waits until its times are old enough to be trusted. */
async function writeAndSettle(text: string): Promise<void> {
  writeFileSync(file, text);
  await setTimeout(150);
}

/** Returns the facts as another process would find them, and stores them. */
function found() {
  const cache = new CodeCache(place);
  const facts = cache.factsOf(file);
  cache.store();
  return { sha256: facts.sha256, specifiers: facts.specifiers };
}

test("facts are stored: a file that is as it was is not read again", () => {
  const first = found();
  expect(first).toEqual({ sha256: sha256('import "./b.ts";'), specifiers: ["./b.ts"] });
  replaceStored("./b.ts", "./c.ts");
  expect(found()).toEqual({ ...first, specifiers: ["./c.ts"] });
});

test("a file that changes is read again, also one of the same size and time", async () => {
  found();
  const { mtime } = statSync(file);
  await writeAndSettle('import "./d.ts";');
  utimesSync(file, mtime, mtime);
  expect(found()).toEqual({ sha256: sha256('import "./d.ts";'), specifiers: ["./d.ts"] });
});

test("a file that changed a moment ago is not trusted to be still: nothing is stored of it", () => {
  writeFileSync(file, 'import "./e.ts";');
  expect(found().specifiers).toEqual(["./e.ts"]);
  expect(() => statSync(place)).toThrow();
});

test("a damaged cache, and one that was written by other rules, are not believed", () => {
  const first = found();
  appendFileSync(place, " ");
  expect(found()).toEqual(first);
  replaceStored('"./b.ts"', '"./c.ts"');
  replaceStored(/"rules":"[0-9a-f]+"/, '"rules":"other"');
  expect(found()).toEqual(first);
});

test("a file that is no code has no specifiers, and its bytes count", async () => {
  file = join(folder, "table.json");
  await writeAndSettle('["import \\"./b.ts\\""]');
  expect(found()).toEqual({ sha256: sha256(readFileSync(file)), specifiers: [] });
});

/** Changes what is stored, with the hash that belongs to it. */
function replaceStored(text: string | RegExp, other: string): void {
  const stored = readFileSync(place, "utf8").split("\n")[1]!;
  const changed = stored.replace(text, other);
  expect(changed).not.toBe(stored);
  writeFileSync(place, `${sha256(changed)}\n${changed}`);
}
