import type { Random } from "../../api.ts";
import { integer } from "../../stats/random.ts";
import type { Attack } from "../parser.ts";
import { readTensors } from "../tensors.ts";

/** Draws small pickles that ask for much: chains of rebuilds, tensors that repeat one element, deep nesting, doubled lists. */
export const nestedPickles: Attack = {
  id: "nested-pickles",
  describe:
    "pickles of up to 10 MB that ask for much work or memory: nested rebuilds, stride 0, deep tuples, doubled lists",
  cases: 40,
  bounds: { cpuMs: 10_000, memoryBytes: 500e6 },
  draw(random) {
    const shape = shapes[integer(random, shapes.length)]!;
    const times = Math.floor(10 ** (1 + 5 * random.next()));
    return legacyFile(shape(times, random).slice(0, largest));
  },
  read: readTensors,
};

/** A drawn pickle has this many characters at most. */
const largest = 9_900_000;

type Shape = (times: number, random: Random) => string;

const shapes: readonly Shape[] = [
  function chainOfParameters(times) {
    const names = Array.from({ length: Math.min(times, 700_000) }, (_, i) => `${short(`w${i}`)}h\0h\x01\x85Rq\x01`);
    return `${parameter}q\x000${tensor(1)}q\x010}(${names.join("")}u.`;
  },
  function nestedParameters(times) {
    const depth = Math.min(times, 200_000);
    return `}${short("w")}${parameter.repeat(depth)}${tensor(1)}${"\x85R".repeat(depth)}s.`;
  },
  function wrappedWithHooks(times) {
    const wrapped = `h\0h\x01\x88ccollections\nOrderedDict\n)R\x87Rq\x01`;
    const names = Array.from({ length: Math.min(times, 150_000) }, (_, i) => `${short(`w${i}`)}${wrapped}`);
    return `${parameter}q\x000${tensor(1)}q\x010}(${names.join("")}u.`;
  },
  function repeatedElement(times, random) {
    const elements = Math.floor(10 ** (9 * random.next()));
    const one = tensor(elements);
    const names = Array.from({ length: Math.min(times, 60_000) }, (_, i) => `${short(`w${i}`)}${one}`);
    return `}(${names.join("")}u.`;
  },
  function deepTuples(times, random) {
    const close = ["\x85", "\x86", "\x87"][integer(random, 3)]!;
    return `}${short("w")}${"N".repeat(2)}${`N${close}`.repeat(Math.min(9 * times, 4_000_000))}s.`;
  },
  function deepLists(times) {
    return `}${short("w")}${"](".repeat(times)}${tensor(1)}${"e".repeat(times)}s.`;
  },
  function deepDictionaries(times) {
    const depth = Math.min(times, 800_000);
    return `}${`${short("m")}}`.repeat(depth)}${short("w")}${tensor(1)}${"s".repeat(depth + 1)}.`;
  },
  function doubledLists(times) {
    const levels = Math.min(250, 10 + Math.floor(times / 1000));
    const doubled = Array.from({ length: levels }, (_, i) => `](${get(i)}${get(i)}eq${byte(i + 1)}0`);
    return `${tensor(1)}q\x000${doubled.join("")}}${short("w")}${get(levels)}s.`;
  },
  function doubledDictionaries(times) {
    const levels = Math.min(250, 10 + Math.floor(times / 1000));
    const doubled = Array.from(
      { length: levels },
      (_, i) => `}(${short("a")}${get(i)}${short("b")}${get(i)}uq${byte(i + 1)}0`,
    );
    return `}${short("w")}${tensor(1)}sq\x000${doubled.join("")}${get(levels)}.`;
  },
  function dictionaryInItself(times) {
    return `}q\x00(${Array.from({ length: Math.min(times, 500_000) }, (_, i) => `${short(`m${i}`)}h\0`).join("")}u.`;
  },
  function longNames(times) {
    const name = "n".repeat(times);
    return `}(${`X${width4(name.length)}${name}${tensor(1)}`.repeat(Math.max(1, Math.floor(1e6 / times)))}u.`;
  },
  function copiedTuples(times) {
    const wide = Math.min(times, 1_000_000);
    return `(${"N".repeat(wide)}tq\x000}${short("w")}(${"h\0".repeat(wide)}ts.`;
  },
];

const parameter = "ctorch._utils\n_rebuild_parameter\n";
const byte = (value: number) => String.fromCharCode(value);
const get = (index: number) => `h${byte(index)}`;
const short = (text: string) => `U${byte(text.length)}${text}`;

function width4(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes.toString("latin1");
}

/** Writes a tensor of this many elements; all of them are the one element of storage 0. */
function tensor(elements: number): string {
  const storage = `(${short("storage")}ctorch\nFloatStorage\n${short("0")}${short("cpu")}J${width4(1)}NtQ`;
  return `ctorch._utils\n_rebuild_tensor_v2\n(${storage}K\0J${width4(elements)}\x85K\0\x85\x89NtR`;
}

/** Writes a file in the form of before PyTorch 1.6: five pickles, then the storages. */
function legacyFile(object: string): Buffer {
  const magic = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
  const pickles = [magic, "M\xe9\x03", "}"].map((pickle) => `\x80\x02${pickle}.`);
  const keys = `\x80\x02](${short("0")}e.`;
  const storage = `\x01${"\0".repeat(7)}${"\0".repeat(4)}`;
  return Buffer.from(`${pickles.join("")}\x80\x02${object}${keys}${storage}`, "latin1");
}
