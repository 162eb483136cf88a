import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { inertClassesOf, loadRegistry } from "../../harness/plan/plugins/registry.ts";
import { memorySource, openTensorArchive, seededTensor } from "../../harness/weights/index.ts";
import { budgetOf } from "../../harness/weights/pickle/budget.ts";
import { cursorOver } from "../../harness/weights/pickle/cursor.ts";
import { unpickle } from "../../harness/weights/pickle/pickle.ts";
import { inertClasses } from "./inertClasses.ts";

const getattr = "c__builtin__\ngetattr\n";

/**
 * A small seeded model in half precision, which PyTorch saved as ultralytics saves FastSAM's: the whole module stands under
 * `model`.
 */
const wholeModule = fileURLToPath(new URL("fixtures/whole_module.pt", import.meta.url));

test("a checkpoint that pickles whole modules gives its state dict, by the names of the modules", async () => {
  const archive = await openTensorArchive(wholeModule, { inert: inertClasses });
  expect(archive.nesting).toBe("model");
  expect(archive.tensors.size).toBe(71);
  const convolution = archive.tensors.get("model.0.conv.weight")!;
  expect(convolution).toMatchObject({ dtype: "float16", dims: [8, 3, 3, 3] });
  expect(archive.tensors.get("model.5.dfl.conv.weight")).toMatchObject({ dims: [1, 16, 1, 1] });
  const seeded = seededTensor("model.0.conv.weight", convolution.dims);
  // Half precision keeps 11 bits.
  for (const [i, value] of archive.read("model.0.conv.weight").entries())
    expect(Math.abs(value - seeded[i]!)).toBeLessThanOrEqual(Math.abs(seeded[i]!) * 2 ** -11);
  expect([...archive.read("model.5.dfl.conv.weight")]).toEqual(Array.from({ length: 16 }, (_, i) => i));
  archive.close();
});

test("without the list the same file is refused by the first class that it names", async () => {
  await expect(openTensorArchive(wholeModule)).rejects.toThrow(
    "refused, because its pickle names the global ultralytics.nn.tasks.SegmentationModel",
  );
});

test("the registry knows the classes of all variants, whichever the file is for", async () => {
  expect(inertClassesOf(await loadRegistry())).toEqual(expect.arrayContaining([...inertClasses]));
});

test("a function of a class becomes a record", () => {
  expect(read(`${getattr}cultralytics.nn.modules.head\nDetect\n${text("forward")}\x86R.`)).toMatchObject({
    kind: "record",
    className: "builtins.getattr",
  });
});

test("a function of a module becomes a record, with the module as what it is bound to", () => {
  const module = "cultralytics.nn.modules.head\nDetect\n)\x81";
  expect(read(`${getattr}${module}${text("forward")}\x86R.`)).toMatchObject({
    kind: "record",
    className: "builtins.getattr",
    args: [{ kind: "record", className: "ultralytics.nn.modules.head.Detect" }, "forward"],
  });
});

test.each([
  [
    "an attribute of an object that is no module of the model",
    `${getattr}cargparse\nNamespace\n)R${text("run")}\x86R.`,
    "takes an attribute",
  ],
  [
    "an attribute of Python's own",
    `${getattr}cultralytics.nn.modules.head\nDetect\n${text("__init__")}\x86R.`,
    "__init__",
  ],
  ["an attribute of what is no class", `${getattr}${text("x")}${text("format")}\x86R.`, "takes an attribute"],
  [
    "an attribute of an attribute",
    `${getattr}${getattr}cultralytics.nn.modules.head\nDetect\n${text("forward")}\x86R${text("call")}\x86R.`,
    "takes an attribute",
  ],
  ["a function of another module", `${getattr}cos\npath\n${text("join")}\x86R.`, "names the global os.path"],
  [
    "a call of what getattr gives",
    `${getattr}cultralytics.nn.modules.head\nDetect\n${text("forward")}\x86R)R.`,
    "calls something that is not a class or function",
  ],
])("%s is refused", (_, pickle, message) => {
  expect(() => read(pickle)).toThrow(message);
});

/** Returns pickle's BINUNICODE of a short ASCII text. */
function text(value: string): string {
  return `X${String.fromCharCode(value.length)}\0\0\0${value}`;
}

function read(latin1: string) {
  const bytes = Buffer.from(latin1, "latin1");
  const cursor = cursorOver(memorySource("weights.pt", bytes), 0, bytes.length, "data.pkl");
  return unpickle(cursor, { label: "weights.pt", budget: budgetOf("weights.pt", bytes.length), inert: inertClasses });
}
