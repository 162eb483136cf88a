import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { sketch } from "./fields.ts";
import { walkJson } from "./json.ts";
import { NumberListParser, NumberLists } from "./numberLists.ts";
import { parsePythonJson } from "./pythonJson.ts";

const folder = mkdtempSync(join(tmpdir(), "sam-bench-json-"));

function fileOf(text: string): string {
  const file = join(folder, `${Math.random().toString(36).slice(2)}.json`);
  writeFileSync(file, text);
  return file;
}

async function elementsOf(text: string, key: string): Promise<unknown[]> {
  const elements: unknown[] = [];
  await walkJson(fileOf(text), { elements: { [key]: (element) => elements.push(element) } });
  return elements;
}

test("elements of a top-level array come one by one, with index and byte offset", async () => {
  const places: unknown[] = [];
  const text = '{"info": {"images": [9]}, "images": [ {"id": 1},\n"é",  [2, "]"] ]}';
  const kinds = await walkJson(fileOf(text), {
    elements: { images: (element, { index, offset }) => places.push([element, index, offset]) },
  });
  expect(places).toEqual([
    [{ id: 1 }, 0, 38],
    ["é", 1, 49],
    [[2, "]"], 2, 56],
  ]);
  expect([...kinds]).toEqual([
    ["info", "object"],
    ["images", "array"],
  ]);
});

test("any value with arrays at the top is walked as JSON.parse reads it", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.jsonValue()), fc.jsonValue(), fc.boolean(), async (values, other, indented) => {
      const text = JSON.stringify({ other, values, 'a"\\': 1 }, undefined, indented ? 2 : 0);
      expect(await elementsOf(text, "values")).toEqual(JSON.parse(text).values);
    }),
    { numRuns: 60 },
  );
});

test("a file that is one array has the key of the empty string", async () => {
  expect(await elementsOf("[1, true, null]", "")).toEqual([1, true, null]);
  expect(await elementsOf(" [ ] ", "")).toEqual([]);
});

test("elements and escapes that cross the reader's window stay whole", async () => {
  // Backslashes at every phase around multiples of 4 MiB, and one element larger than the window.
  const values = [
    `${'\\"]}'.repeat(700_001)}é`,
    "x".repeat(9_000_001),
    ...Array.from({ length: 9 }, (_, i) => "\\".repeat(500_000 + i)),
  ];
  expect(await elementsOf(JSON.stringify({ values, last: "\\" }), "values")).toEqual(values);
});

test("the bytes handed out are the file's", async () => {
  const text = JSON.stringify({ images: Array.from({ length: 300_000 }, (_, id) => ({ id })) });
  const chunks: Buffer[] = [];
  await walkJson(fileOf(text), { elements: {}, bytes: (chunk) => chunks.push(Buffer.from(chunk)) });
  expect(Buffer.concat(chunks).toString() === text).toBe(true);
});

test.each([
  ['{"images": [{"id": 1}, {"id" 2}]}', /in images\[1\] at byte 29: Expected ':'/],
  ['{"images": [{"id": 1}, {"id": ', /in images\[1\] at byte 30: the file ends there/],
  ['{"images": [1 2]}', /in images after element 0 at byte 14: expected , or \]/],
  ['{"images": [1,]}', /in images\[1\] at byte 14: expected a value/],
  ['{"images" [1]}', /in images at byte 10: expected :/],
  ['{"images": []} x', /in the file at byte 15: text after its last bracket/],
  ['{"images": [], "images": []}', /the key images stands there twice/],
  ["{images: []}", /in the top level at byte 1: expected a key/],
  ["<html>", /in the file at byte 0: expected \{ or \[/],
  ["", /at byte 0: the file ends there/],
])("broken JSON is named by place: %s", async (text, message) => {
  const file = fileOf(text);
  await expect(walkJson(file, { elements: { images: () => {} } })).rejects.toThrow(message);
  await expect(walkJson(file, { elements: { images: () => {} } })).rejects.toThrow(`${file}: broken JSON`);
});

test("a missing file and a folder are the user's mistakes", async () => {
  await expect(walkJson(join(folder, "none.json"), { elements: {} })).rejects.toThrow(/none\.json: can not be opened/);
  await expect(walkJson(folder, { elements: {} })).rejects.toThrow(/is a folder/);
});

const parse = (text: string) => new NumberListParser("s").parse(Buffer.from(text)) as { s: unknown };

test("lists of numbers read from the bytes are those of JSON.parse, bit for bit", () => {
  const coordinate = fc.oneof(
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer({ min: -100_000, max: 100_000 }).map((hundredths) => hundredths / 100),
  );
  fc.assert(
    fc.property(fc.array(fc.array(coordinate)), fc.constantFrom(0, 1), (lists, space) => {
      const text = JSON.stringify({ a: "é", s: lists, z: [1] }, undefined, space);
      const element = parse(text);
      const read = element.s instanceof NumberLists ? element.s.lists() : element.s;
      expect({ ...element, s: read }).toEqual(JSON.parse(text));
    }),
  );
});

test("two decimals take the fast way, and what is out of the ordinary is left to JSON.parse", () => {
  expect(parse('{"s": [[1.25, -0.5], [3]]}').s).toBeInstanceOf(NumberLists);
  expect(parse('{"s": [[1e2]]}').s).toEqual([[100]]);
  expect(parse('{"s": [[]]}').s).toEqual([[]]);
  expect(parse('{"s": [[1.2345678901234567]]}').s).toEqual([[1.2345678901234567]]);
  expect(parse('{"x": {"s": [[1]]}}')).toEqual({ x: { s: [[1]] } });
  expect(parse('{"s": [[1]], "s": 5}')).toEqual({ s: 5 });
  expect(parse('{"x": "\\"s\\":[[1]]"}')).toEqual({ x: '"s":[[1]]' });
  for (const wrong of ["[[01]]", "[[1.]]", "[[-]]", "[[1],]", "[[1]", "[[.5]]"]) {
    expect(() => parse(`{"s": ${wrong}}`)).toThrow(SyntaxError);
  }
});

test("what Python writes beyond JSON is read: NaN, Infinity, a byte order mark, whole numbers of any size", async () => {
  const text = '{"info": NaN, "a": [{"id": 9007199254740993, "x": [NaN, -Infinity, 1e400]}, {"id": 7, "s": "NaN"}]}';
  const elements: unknown[] = [];
  await walkJson(fileOf(`\ufeff${text}`), { elements: { a: (element) => elements.push(element) }, ids: ["id"] });
  expect(elements).toEqual([
    { id: 9007199254740993n, x: [Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] },
    { id: 7, s: "NaN" },
  ]);
});

test("both parsers read any JSON alike", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.boolean(), (value, indented) => {
      const text = JSON.stringify(value, undefined, indented ? 1 : 0);
      // Those come as bigint.
      fc.pre(!/\d{16}/.test(text));
      expect(parsePythonJson(text)).toEqual(JSON.parse(text));
    }),
  );
});

test.each([
  ["lists", (inner: string) => `${"[".repeat(1e5)}${inner}${"]".repeat(1e5)}`],
  ["objects", (inner: string) => `${'{"a":'.repeat(1e5)}${inner}${"}".repeat(1e5)}`],
])("a hundred thousand %s inside one another are read, or refused in words", async (_, nested) => {
  const values: unknown[] = [];
  await walkJson(fileOf(`{"a": [${nested("1")}]}`), { elements: { a: (element) => values.push(element) } });
  expect(sketch(values[0]).length).toBeLessThanOrEqual(60);
  await expect(elementsOf(`{"a": [${nested("NaN")}]}`, "a")).rejects.toThrow(/broken JSON in a\[0\]/);
});
