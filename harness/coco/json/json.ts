import { open } from "node:fs/promises";
import { HarnessError } from "../../errors.ts";
import { refuseIrregular } from "../../files.ts";
import { brokenJson, JsonWindow } from "./jsonWindow.ts";
import { memberName, parseElement } from "./numberLists.ts";
import { parsePythonJson } from "./pythonJson.ts";

/** Where an element stands: `key[index]`, `bytes` of them from `offset` of the file. The key of a file that is one array is "". */
export interface JsonPlace {
  readonly key: string;
  readonly index: number;
  readonly offset: number;
  readonly bytes: number;
}

export type JsonKind = "array" | "object" | "string" | "number" | "boolean" | "null";

type ElementVisit = (element: unknown, place: JsonPlace) => void;

/** What elements are parsed for. */
export interface ElementMembers {
  /** A member that holds lists of lists of numbers: it comes as NumberLists, valid during the call only. */
  readonly numberLists?: string;
  /** Members that hold ids, or lists of ids: whole numbers that no double holds come as bigint. */
  readonly ids?: readonly string[];
}

export interface JsonVisitor extends ElementMembers {
  /** By top-level key; the elements of other arrays are stepped over unparsed. */
  readonly elements: Readonly<Record<string, ElementVisit>>;
  /** Called where a top-level key stands there once more: what came under it before counts no longer. An error without it. */
  readonly again?: (key: string) => void;
  /**
   * Tries to read an element of a file that is one array straight from the bytes, from `start` on; `end` is where they end for
   * now. Returns where the element ends, or -1 to have it parsed and visited.
   */
  readonly scan?: (bytes: Uint8Array, start: number, end: number) => number;
  /** Every byte of the file in order, for a hash. The view is valid during the call only. */
  readonly bytes?: (chunk: Uint8Array) => void;
}

/**
 * Walks the arrays at the top of a JSON file and hands over one parsed element at a time, so that a file may be larger
 * than memory and than V8's longest string (512 MB). Memory: one window, grown to the largest element.
 * Returns the top-level keys with the kind of their values; a file that is one array has the key "".
 * Throws HarnessError naming file, element and byte where the text is no JSON, ends early, or can not be read.
 */
export async function walkJson(file: string, visitor: JsonVisitor): Promise<ReadonlyMap<string, JsonKind>> {
  refuseIrregular(file);
  const handle = await open(file, "r").catch((cause: Error) => {
    throw new HarnessError(`${file}: can not be opened`, { found: cause.message, cause });
  });
  try {
    return await walkRoot(new JsonWindow(file, handle, visitor.bytes), visitor);
  } finally {
    await handle.close();
  }
}

async function walkRoot(window: JsonWindow, visitor: JsonVisitor): Promise<ReadonlyMap<string, JsonKind>> {
  const kinds = new Map<string, JsonKind>();
  await window.skipByteOrderMark();
  const first = await window.peek("the file's only value");
  if (first === byte("[")) {
    kinds.set("", "array");
    await walkArray(window, "", parsedFor(window, visitor, ""), visitor.scan);
  } else if (first === byte("{")) {
    await walkMembers(window, visitor, kinds);
  } else {
    window.fail("the file", "expected { or [");
  }
  if (!(await window.atEnd())) window.fail("the file", "text after its last bracket");
  return kinds;
}

async function walkMembers(window: JsonWindow, visitor: JsonVisitor, kinds: Map<string, JsonKind>): Promise<void> {
  window.step();
  if ((await window.peek("the top level")) === byte("}")) return window.step();
  for (;;) {
    const key = await readKey(window);
    if (kinds.has(key)) {
      if (visitor.again === undefined) window.fail("the top level", `the key ${key} stands there twice`);
      visitor.again(key);
    }
    const first = await window.peek(key);
    kinds.set(key, kindOf(first) ?? window.fail(key, "expected a value"));
    if (first === byte("[")) await walkArray(window, key, parsedFor(window, visitor, key));
    else await window.value(key);
    const next = await window.peek("the top level");
    if (next !== byte(",") && next !== byte("}")) window.fail(`the top level after ${key}`, "expected , or }");
    window.step();
    if (next === byte("}")) return;
  }
}

async function readKey(window: JsonWindow): Promise<string> {
  if ((await window.peek("the top level")) !== byte('"')) window.fail("the top level", "expected a key");
  const offset = window.offset();
  window.mark();
  await window.value("a key");
  const text = window.take().toString("utf8");
  const key = readString(text) ?? window.fail("the top level", `a key that is no string, at byte ${offset}`);
  if ((await window.peek(key)) !== byte(":")) window.fail(key, "expected :");
  window.step();
  return key;
}

async function walkArray(
  window: JsonWindow,
  key: string,
  visit: ((bytes: Buffer, place: JsonPlace) => void) | undefined,
  scan?: JsonVisitor["scan"],
) {
  window.step();
  if ((await window.peek(key)) === byte("]")) return window.step();
  for (let index = 0; ; index++) {
    // The peek steps over white space, so that the offset is the element's own first byte. Only what is not there yet is awaited.
    const first = window.next() ?? (await window.peek(key));
    if (first !== byte("{") && kindOf(first) === undefined) window.fail(`${key}[${index}]`, "expected a value");
    if (scan === undefined || !window.scan(scan)) {
      const offset = window.offset();
      if (visit !== undefined) window.mark();
      if (!window.stepOver()) await window.value(`${key}[${index}]`);
      const bytes = window.take();
      visit?.(bytes, { key, index, offset, bytes: bytes.length });
    }
    const next = window.next() ?? (await window.peek(key));
    if (next !== byte(",") && next !== byte("]")) window.fail(`${key} after element ${index}`, "expected , or ]");
    window.step();
    if (next === byte("]")) return;
  }
}

/** The visitor of one array, behind the parser that suits it; nothing where nobody asks for its elements. */
function parsedFor({ file }: JsonWindow, visitor: JsonVisitor, key: string) {
  const visit = visitor.elements[key];
  if (visit === undefined) return undefined;
  const parse = elementParser(visitor);
  return (bytes: Buffer, place: JsonPlace): void => {
    let element: unknown;
    try {
      element = parse(bytes);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw brokenElement(file, bytes, place, error.message);
    }
    visit(element, place);
  };
}

/**
 * Returns the parser of one element: JSON.parse, and for what JSON.parse refuses or does not hold exactly the parser that reads
 * all that Python writes. The parser throws SyntaxError with the position.
 */
export function elementParser({ numberLists, ids = [] }: ElementMembers): (bytes: Buffer) => unknown {
  const member = numberLists === undefined ? undefined : memberName(numberLists);
  return (bytes) => {
    let element: unknown;
    try {
      element = member === undefined ? JSON.parse(bytes.toString("utf8")) : parseElement(bytes, member);
    } catch (refusal) {
      return orElse(() => parsePythonJson(bytes.toString("utf8")), refusal);
    }
    return hasInexact(element, ids) ? parsePythonJson(bytes.toString("utf8")) : element;
  };
}

/** What is no JSON to either parser is refused in the words of JSON.parse. */
function orElse(read: () => unknown, refusal: unknown): unknown {
  try {
    return read();
  } catch {
    throw refusal;
  }
}

function hasInexact(element: unknown, ids: readonly string[]): boolean {
  if (typeof element !== "object" || element === null) return false;
  return ids.some((name) => {
    const value = (element as Record<string, unknown>)[name];
    return Array.isArray(value) ? value.some(isInexact) : isInexact(value);
  });
}

/** Whether the value is a whole number that other whole numbers round to as well. */
function isInexact(value: unknown): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value);
}

function brokenElement(file: string, bytes: Buffer, { key, index, offset }: JsonPlace, message: string): HarnessError {
  const inside = / position (\d+)/.exec(message)?.[1];
  const at =
    inside === undefined ? offset : offset + Buffer.byteLength(bytes.toString("utf8").slice(0, Number(inside)));
  return brokenJson(file, `${key}[${index}]`, at, message.replace(/ in JSON at position.*/s, ""));
}

function readString(text: string): string | undefined {
  try {
    return JSON.parse(text) as string;
  } catch {
    return undefined;
  }
}

const byte = (character: string): number => character.charCodeAt(0);

/** By the first character; N and I begin Python's NaN and Infinity. */
const kindByFirst = {
  "[": "array",
  "{": "object",
  '"': "string",
  t: "boolean",
  f: "boolean",
  n: "null",
  N: "number",
  I: "number",
} as const;

function kindOf(first: number): JsonKind | undefined {
  const character = String.fromCharCode(first);
  if (/[-\d]/.test(character)) return "number";
  return kindByFirst[character as keyof typeof kindByFirst];
}
