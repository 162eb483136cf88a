import { expect, test } from "vitest";
import { HarnessError } from "../../errors.ts";
import { memorySource } from "../source.ts";
import { budgetOf } from "./budget.ts";
import { cursorOver } from "./cursor.ts";
import { unpickle } from "./pickle.ts";
import type { PickleValue } from "./pickleValue.ts";

/** pickle.dumps({"a": [1, 2.5, None, True, (3,)], "é": -70000000000}, protocol), of CPython 3.11. */
const protocols = [
  "286470300a56610a70310a286c70320a49310a6146322e350a614e614930310a612849330a7470330a617356e90a70340a4c2d37303030303030303030304c0a732e",
  "7d71002858010000006171015d7102284b014740040000000000004e4930310a284b03747103655802000000c3a971044c2d37303030303030303030304c0a752e",
  "80027d71002858010000006171015d7102284b014740040000000000004e884b03857103655802000000c3a971048a0500c4acb3ef752e",
  "80037d71002858010000006171015d7102284b014740040000000000004e884b03857103655802000000c3a971048a0500c4acb3ef752e",
  "8004952a000000000000007d94288c0161945d94284b014740040000000000004e884b038594658c02c3a9948a0500c4acb3ef752e",
  "8005952a000000000000007d94288c0161945d94284b014740040000000000004e884b038594658c02c3a9948a0500c4acb3ef752e",
];

test.each(protocols.map((hex, protocol) => [protocol, hex] as const))("protocol %i is read", (_, hex) => {
  expect(read(Buffer.from(hex, "hex").toString("latin1"))).toEqual({
    kind: "dict",
    entries: new Map<unknown, unknown>([
      ["a", { kind: "list", items: [1, 2.5, null, true, { kind: "tuple", items: [3] }] }],
      ["é", -70000000000],
    ]),
  });
});

test("a text may lie across the border of two windows", () => {
  const text = "x".repeat(150_000);
  expect(read(`(X\xf0\x49\x02\0${text}V${text}\nl.`)).toEqual({ kind: "list", items: [text, text] });
});

test("an allowed class becomes a record of its name, arguments and state", () => {
  const namespace = read("cargparse\nNamespace\n)\x81}X\x02\0\0\0lrK\x07sb.");
  expect(namespace).toEqual({
    kind: "record",
    className: "argparse.Namespace",
    args: [],
    state: { kind: "dict", entries: new Map([["lr", 7]]) },
  });
});

test("a key named __proto__ is a key like any other", () => {
  const dict = read("}X\x09\0\0\0__proto__K\x01s.") as { entries: Map<string, number> };
  expect([...dict.entries]).toEqual([["__proto__", 1]]);
  expect(Object.getPrototypeOf(dict)).toBe(Object.prototype);
});

test.each([
  ["cos\nsystem\n.", "os.system"],
  ["c__builtin__\neval\n.", "builtins.eval"],
  ["\x8c\x08builtins\x8c\x04exec\x93.", "builtins.exec"],
  ["(ios\nsystem\n.", "os.system"],
  ["ctorch.storage\n_load_from_bytes\n.", "torch.storage._load_from_bytes"],
  ["cbuiltins\ngetattr\n.", "builtins.getattr"],
  ["cnumpy.testing._private.utils\nruncall\n.", "numpy.testing._private.utils.runcall"],
  ["ctorch.hub\nload\n.", "torch.hub.load"],
])("%j is refused by the name of its global", (pickle, name) => {
  expect(() => read(pickle)).toThrow(`x.pth: refused, because its pickle names the global ${name}`);
  expect(hintOf(pickle)).toContain("this file would run code when loaded by PyTorch; do not load it");
});

test("a class of somebody's package is refused with another hint, unless the caller calls it inert", () => {
  expect(() => read("ctorch\nFloatStorage.__init__\n.")).toThrow("names the global torch.FloatStorage.__init__");
  const pickle = "cultralytics.nn.tasks\nSegmentationModel\n)\x81}b.";
  expect(hintOf(pickle)).toContain("save model.state_dict() alone");
  expect(read(pickle, ["ultralytics.nn.tasks.SegmentationModel"])).toMatchObject({
    kind: "record",
    className: "ultralytics.nn.tasks.SegmentationModel",
  });
});

test.each([
  ["", "ends in the middle of a value at byte 0"],
  ["X\xff\xff\xff\x7fabc.", "ends in the middle of a value"],
  ["\x8d\xff\xff\xff\xff\xff\xff\xff\xffabc.", "ends in the middle of a value"],
  ["\x8e\xff\xff\xff\xff\xff\xff\xff\x7fabc.", "ends in the middle of a value"],
  ["T\xff\xff\xff\xffabc.", "has a negative length"],
  ["\x8b\xff\xff\xff\x7f\x01.", "has an integer that is too long"],
  [`L${"9".repeat(200)}L\n.`, "has an integer that is none"],
  ["X\x01\0\0\0\xff.", "has a text that is not UTF-8"],
  ["h\x05.", "recalls a value that it never stored"],
  [".", "takes a value from an empty stack"],
  ["K\x01(0.", undefined],
  ["K\x01(\x85.", "takes a value from an empty stack"],
  ["t.", "misses a mark"],
  ["](K\x01u.", "has a key without a value"],
  ["]K\x01K\x02s.", "sets an item of something that is no dict"],
  ["}K\x01a.", "appends to something that is no list"],
  ["K\x01)R.", "calls something that is not a class or function"],
  ["K\x01}b.", "sets a state of a plain value"],
  ["K\x01Q.", "names a storage where none can be"],
  ["\x82\x01.", "has an unknown instruction"],
  ["\x97.", "has an unknown instruction"],
  ["\x80\x09.", "has an unknown protocol"],
])("%j ends in an error that names the place", (pickle, message) => {
  if (message === undefined) expect(read(pickle)).toBe(1);
  else expect(() => read(pickle)).toThrow(`x.pth: data.pkl ${message}`);
});

test("a million nested lists are refused by their number, not by the stack", () => {
  expect(() => read("]".repeat(1_000_001))).toThrow("is too long");
  expect(read(`${"]".repeat(200_000)}${"a".repeat(199_999)}.`)).toMatchObject({ kind: "list" });
});

test("copying one long list over and over is charged", () => {
  const list = `](${"K\x01".repeat(50_000)}eq\x01`;
  const copies = "c__builtin__\nset\nh\x01\x85R0".repeat(40);
  expect(() => read(`${list}0${copies}K\x01.`)).toThrow("is too long");
});

test("a list that contains itself is read", () => {
  const list = read("]q\0h\0a.") as { items: PickleValue[] };
  expect(list.items[0]).toBe(list);
});

test("memo indices far apart cost no more than near ones", () => {
  expect(read("K\x05r\xff\xff\xff\xff0j\xff\xff\xff\xff.")).toBe(5);
});

function read(pickle: string, inert: readonly string[] = []): PickleValue {
  const bytes = Buffer.from(pickle, "latin1");
  return unpickle(cursorOver(memorySource("x.pth", bytes), 0, bytes.length, "data.pkl"), {
    label: "x.pth",
    budget: budgetOf("x.pth", bytes.length),
    inert,
  });
}

function hintOf(pickle: string): string | undefined {
  try {
    read(pickle);
  } catch (error) {
    return error instanceof HarnessError ? error.hint : undefined;
  }
  return undefined;
}
