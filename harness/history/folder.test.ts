import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { canonicalJson, sha256 } from "../store/canonical.ts";
import { exampleRecord } from "./fixtures/columns.ts";
import { mostBytes, readPublished, writeIndex, writeRecord } from "./folder.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "published-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function read() {
  const notes: string[] = [];
  const found = await readPublished(folder, (text) => notes.push(text.replaceAll(folder, "")));
  return { found, notes };
}

/** Writes a text under the name that its bytes have, as someone does who means harm. */
function plant(text: string): string {
  const name = `${sha256(text).slice(0, 32)}.json`;
  writeFileSync(join(folder, name), text);
  return name;
}

test("a result is read as it was written, and its name is the hash of its bytes", async () => {
  const record = exampleRecord(1);
  const name = await writeRecord(folder, record);
  expect(sha256(readFileSync(join(folder, name)))).toMatch(new RegExp(`^${name.replace(".json", "")}`));
  expect(await read()).toEqual({ found: [{ name, record }], notes: [] });
});

test("the same record is the same file", async () => {
  const first = await writeRecord(folder, exampleRecord(1));
  const { seed, ...fields } = exampleRecord(1);
  expect(await writeRecord(folder, { ...fields, seed })).toBe(first);
  expect(readdirSync(folder)).toEqual([first]);
});

test("a file that was changed is named and left out, and the others are read", async () => {
  const name = await writeRecord(folder, exampleRecord(1));
  const other = await writeRecord(folder, exampleRecord(2));
  writeFileSync(join(folder, name), readFileSync(join(folder, name), "utf8").replace('"value":0.6', '"value":0.7'));
  const { found, notes } = await read();
  expect(found.map((each) => each.name)).toEqual([other]);
  expect(notes).toHaveLength(1);
  expect(notes[0]).toMatch(/^left out: .*[0-9a-f]{32}\.json: is not what was published under this name \(found sha256/);
});

test("a file of another name, a folder and a list are no results", async () => {
  writeFileSync(join(folder, "notes.json"), "{}");
  writeFileSync(join(folder, "index.json"), "not read");
  mkdirSync(join(folder, `${"0".repeat(32)}.json`));
  const { found, notes } = await read();
  expect(found).toEqual([]);
  expect(notes).toEqual([
    `left out: /${"0".repeat(32)}.json: is a folder (expected an ordinary file)`,
    "left out: /notes.json: is not named as a result (expected 32 hexadecimal digits)",
  ]);
});

test("a folder that is not there holds no result", async () => {
  rmSync(folder, { recursive: true });
  expect(await read()).toEqual({ found: [], notes: [] });
});

const valid = exampleRecord(1);
const hostile: readonly (readonly [what: string, text: string, said: RegExp])[] = [
  ["no JSON", "{", /not JSON/],
  ["a newer schema", canonicalJson({ ...valid, schema: 2 }), /written by a newer sam-bench \(found schema 2/],
  ["no schema", canonicalJson({ value: 1 }), /field schema is missing/],
  ["a field too many", canonicalJson({ ...valid, rows: [] }), /the record is not as it should be/],
  ["an accuracy above 1", canonicalJson(valid).replace('"value":0.6', '"value":1.6'), /figures\.miou/],
  ["a value outside its interval", canonicalJson(valid).replace('"value":0.6', '"value":0.9'), /outside its interval/],
  [
    "a number that JSON reads as infinite",
    canonicalJson(valid).replace('"memoryBytes":8000000000', '"memoryBytes":1e999'),
    /memoryBytes/,
  ],
  ["a commit that is none", canonicalJson({ ...valid, commit: { hash: "x; rm" } }), /commit\.hash/],
  ["a date that is none", canonicalJson({ ...valid, commit: { hash: "abcdef0", date: "soon" } }), /commit\.date/],
  ["values inside one another", `${"[".repeat(500_000)}${"]".repeat(500_000)}`, /the record is not as it should be/],
  ["too many bytes", `"${"x".repeat(mostBytes)}"`, /too large for a result \(found 1048578 bytes/],
  ["bytes that are no text", "\u0000\uFFFD", /not JSON/],
];

test.each(hostile)("%s: it is named, and no figure comes of it", async (_, text, said) => {
  const name = plant(text);
  const { found, notes } = await read();
  expect(found).toEqual([]);
  expect(notes).toHaveLength(1);
  expect(notes[0]).toMatch(said);
  expect(notes[0]).toContain(name);
});

test("text that would move a terminal is shown as escapes", async () => {
  plant(canonicalJson({ ...valid, variant: { id: "sam\u001b[2J-nano", title: "\u202Eonan" } }));
  const { found } = await read();
  expect(found[0]!.record.variant).toEqual({ id: "sam\\x1b[2J-nano", title: "\\u202eonan" });
});

test("the list names every sound result, sorted, and is the same however they were written", async () => {
  const names = [];
  for (const day of [3, 1, 2]) names.push(await writeRecord(folder, exampleRecord(day)));
  plant("{");
  const notes: string[] = [];
  expect(await writeIndex(folder, (text) => notes.push(text))).toBe(3);
  expect(notes).toHaveLength(1);
  const text = readFileSync(join(folder, "index.json"), "utf8");
  const { results } = JSON.parse(text) as { readonly results: readonly { readonly file: string }[] };
  expect(results.map(({ file }) => file)).toEqual([names[1], names[2], names[0]]);
  await writeIndex(folder, () => undefined);
  expect(readFileSync(join(folder, "index.json"), "utf8")).toBe(text);
});
