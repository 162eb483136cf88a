import { open } from "node:fs/promises";
import { HarnessError } from "../errors.ts";
import { refuseIrregular } from "../files.ts";
import { brokenJson, JsonWindow } from "./jsonWindow.ts";
import { memberName, parseElement } from "./numberLists.ts";

/** Where an element stands: `key[index]`, `bytes` of them from `offset` of the file. The key of a file that is one array is "". */
export interface JsonPlace {
  readonly key: string;
  readonly index: number;
  readonly offset: number;
  readonly bytes: number;
}

export type JsonKind = "array" | "object" | "string" | "number" | "boolean" | "null";

type ElementVisit = (element: unknown, place: JsonPlace) => void;

export interface JsonVisitor {
  /** By top-level key; the elements of other arrays are stepped over unparsed. */
  readonly elements: Readonly<Record<string, ElementVisit>>;
  /** A member of elements that holds lists of lists of numbers: it comes as NumberLists, valid during the call only. */
  readonly numberLists?: string;
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
    const key = await readKey(window, kinds);
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

async function readKey(window: JsonWindow, seen: ReadonlyMap<string, JsonKind>): Promise<string> {
  if ((await window.peek("the top level")) !== byte('"')) window.fail("the top level", "expected a key");
  const offset = window.offset();
  window.mark();
  await window.value("a key");
  const text = window.take().toString("utf8");
  const key = readString(text) ?? window.fail("the top level", `a key that is no string, at byte ${offset}`);
  if (seen.has(key)) window.fail("the top level", `the key ${key} stands there twice`);
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
function parsedFor({ file }: JsonWindow, { elements, numberLists }: JsonVisitor, key: string) {
  const visit = elements[key];
  if (visit === undefined) return undefined;
  const member = numberLists === undefined ? undefined : memberName(numberLists);
  return (bytes: Buffer, place: JsonPlace): void => {
    let element: unknown;
    try {
      element = member === undefined ? JSON.parse(bytes.toString("utf8")) : parseElement(bytes, member);
    } catch {
      throw brokenElement(file, bytes, place);
    }
    visit(element, place);
  };
}

/** V8 says where in the element it stopped in most of its messages; the byte is the element's own where it does not. */
function brokenElement(file: string, bytes: Buffer, { key, index, offset }: JsonPlace): HarnessError {
  const text = bytes.toString("utf8");
  try {
    JSON.parse(text);
  } catch (cause) {
    const { message } = cause as Error;
    const inside = / position (\d+)/.exec(message)?.[1];
    const at = inside === undefined ? offset : offset + Buffer.byteLength(text.slice(0, Number(inside)));
    return brokenJson(file, `${key}[${index}]`, at, message.replace(/ in JSON at position.*/s, ""));
  }
  throw new Error(`${file}: ${key}[${index}] parses at the second attempt only`);
}

function readString(text: string): string | undefined {
  try {
    return JSON.parse(text) as string;
  } catch {
    return undefined;
  }
}

const byte = (character: string): number => character.charCodeAt(0);

function kindOf(first: number): JsonKind | undefined {
  const character = String.fromCharCode(first);
  if (/[-\d]/.test(character)) return "number";
  return ({ "[": "array", "{": "object", '"': "string", t: "boolean", f: "boolean", n: "null" } as const)[character];
}
