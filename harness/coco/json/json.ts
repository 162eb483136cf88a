/**
 * Reads JSON files element by element. Neither JSON.parse nor a streaming library is enough: JSON.parse takes no text of more than
 * 512 MB, and both refuse NaN, which Python writes, and round large ids. stream-json 3.8 and @streamparser/json 0.0.26 give the
 * elements of both arrays where a key comes twice.
 * CPU seconds and peak memory, medians of three interleaved rounds on two busy cores:
 *
 *                                annotations of val2017's size   annotations of LVIS val's size   205,000 masks of results
 *                                16 MB                           106 MB                           52 MB
 *   this reader                  0.4 s    81 MB                  1.2 s    84 MB                   1.1 s   141 MB
 *   stream-json                  2.6 s   124 MB                  12.0 s  113 MB                   2.9 s   212 MB
 *   @streamparser/json           1.3 s    94 MB                  7.5 s   146 MB                   2.6 s   238 MB
 *   JSON.parse and zod           0.8 s   215 MB                  4.9 s   786 MB                   0.9 s   266 MB
 *   JSON.parse alone             0.3 s   149 MB                  1.8 s   379 MB                   0.7 s   227 MB
 */
import { open } from "node:fs/promises";
import { HarnessError } from "../../errors.ts";
import { refuseIrregular } from "../../files.ts";
import { closeBrace, closeBracket, colon, comma, openBrace, openBracket, quote } from "./bytes.ts";
import { brokenJson, type ElementScan, JsonWindow } from "./jsonWindow.ts";
import { NumberListParser } from "./numberLists.ts";
import { parsePythonJson } from "./pythonJson.ts";

/**
 * Place of an element in the file: it is `key[index]`, and takes `bytes` of them from `offset` on. In a file that is one array
 * the key is "".
 */
export interface JsonPlace {
  readonly key: string;
  readonly index: number;
  readonly offset: number;
  readonly bytes: number;
}

export type JsonKind = "array" | "object" | "string" | "number" | "boolean" | "null";

type ElementVisit = (element: unknown, place: JsonPlace) => void;

/** The members of elements that need more than JSON.parse. */
export interface ElementMembers {
  /**
   * Name of a member that holds lists of lists of numbers. Such a value comes as NumberLists, which is valid during the call
   * only.
   */
  readonly numberLists?: string;
  /** Names of members that hold ids, or lists of ids: whole numbers that no double holds come as bigint. */
  readonly ids?: readonly string[];
}

export interface JsonVisitor extends ElementMembers {
  /** Visits of elements by top-level key. The elements of other arrays are stepped over unparsed. */
  readonly elements: Readonly<Record<string, ElementVisit>>;
  /**
   * Called where a top-level key comes once more: what came under it before counts no longer. Without this function it is an
   * error.
   */
  readonly again?: (key: string) => void;
  /** Readers by top-level key that are tried before an element is parsed and visited. */
  readonly scans?: Readonly<Record<string, ElementScan>>;
  /** Takes every byte of the file in order, for a hash. The view is valid during the call only. */
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
  if (first === openBracket) {
    kinds.set("", "array");
    await walkArray(window, "", parsedFor(window, visitor, ""), visitor.scans?.[""]);
  } else if (first === openBrace) {
    await walkMembers(window, visitor, kinds);
  } else {
    window.fail("the file", "expected { or [");
  }
  if (!(await window.atEnd())) window.fail("the file", "text after its last bracket");
  return kinds;
}

async function walkMembers(window: JsonWindow, visitor: JsonVisitor, kinds: Map<string, JsonKind>): Promise<void> {
  window.step();
  if ((await window.peek("the top level")) === closeBrace) return window.step();
  for (;;) {
    const key = await readKey(window);
    if (kinds.has(key)) {
      if (visitor.again === undefined) window.fail("the top level", `the key ${key} stands there twice`);
      visitor.again(key);
    }
    const first = await window.peek(key);
    kinds.set(key, kindOf(first) ?? window.fail(key, "expected a value"));
    if (first === openBracket) await walkArray(window, key, parsedFor(window, visitor, key), visitor.scans?.[key]);
    else await window.value(key);
    const next = await window.peek("the top level");
    if (next !== comma && next !== closeBrace) window.fail(`the top level after ${key}`, "expected , or }");
    window.step();
    if (next === closeBrace) return;
  }
}

async function readKey(window: JsonWindow): Promise<string> {
  if ((await window.peek("the top level")) !== quote) window.fail("the top level", "expected a key");
  const offset = window.offset();
  window.mark();
  await window.value("a key");
  const text = window.take().toString("utf8");
  const key = readString(text) ?? window.fail("the top level", `a key that is no string, at byte ${offset}`);
  if ((await window.peek(key)) !== colon) window.fail(key, "expected :");
  window.step();
  return key;
}

async function walkArray(
  window: JsonWindow,
  key: string,
  visit: ((bytes: Buffer, place: JsonPlace) => void) | undefined,
  scan?: ElementScan,
) {
  window.step();
  if ((await window.peek(key)) === closeBracket) return window.step();
  for (let index = 0; ; index++) {
    if (scan !== undefined) {
      const { elements, ended } = window.scan(scan);
      if (ended) return;
      index += elements;
    }
    // The peek steps over white space, so that the offset is the element's own first byte. Only what is not there yet is awaited.
    const first = window.next() ?? (await window.peek(key));
    if (first !== openBrace && kindOf(first) === undefined) window.fail(`${key}[${index}]`, "expected a value");
    const offset = window.offset();
    if (visit !== undefined) window.mark();
    if (!window.stepOver()) await window.value(`${key}[${index}]`);
    const bytes = window.take();
    visit?.(bytes, { key, index, offset, bytes: bytes.length });
    const next = window.next() ?? (await window.peek(key));
    if (next !== comma && next !== closeBracket) window.fail(`${key} after element ${index}`, "expected , or ]");
    window.step();
    if (next === closeBracket) return;
  }
}

/** Puts the parser that suits the array before its visitor; undefined where nobody asks for its elements. */
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
 * Returns the parser of one element. It is JSON.parse; what JSON.parse refuses or does not hold exactly goes to the parser that
 * reads all that Python writes. The parser throws SyntaxError with the position.
 */
export function elementParser({ numberLists, ids = [] }: ElementMembers): (bytes: Buffer) => unknown {
  const lists = numberLists === undefined ? undefined : new NumberListParser(numberLists);
  return (bytes) => {
    let element: unknown;
    try {
      element = lists === undefined ? JSON.parse(bytes.toString("utf8")) : lists.parse(bytes);
    } catch (refusal) {
      return orElse(() => parsePythonJson(bytes.toString("utf8")), refusal);
    }
    return hasInexact(element, ids) ? parsePythonJson(bytes.toString("utf8")) : element;
  };
}

/** Reads with the second parser. Where that refuses too, the refusal of JSON.parse is thrown. */
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

/** Tells whether the value is a whole number to which other whole numbers round as well. */
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

/** Kinds of values by their first character; N and I begin Python's NaN and Infinity. */
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
