import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { ownHome } from "../commands/fixtures/ownHome.ts";
import { readPortableModel, readSignature } from "../onnx/index.ts";
import { withVariantFiles } from "../plan/models/variantFiles.ts";
import { loadRegistry, variantOf } from "../plan/plugins/registry.ts";
import { writtenModel } from "./fixtures/writtenModel.ts";
import { requireReplaceable } from "./folder.ts";
import { rulesOf } from "./write.ts";

const home = ownHome();
let folder: string;
beforeAll(async () => {
  folder = join(home(), "sam-nano");
  await writtenModel("sam-nano", folder);
});

const filesOf = (path: string) =>
  Object.fromEntries(readdirSync(path).map((name) => [name, readFileSync(join(path, name)).toString("base64")]));
const taken = async (files: string) => withVariantFiles(await loadRegistry(), [`mine=${files}`]);

/** Writes sam-nano's folder with one file changed, and returns its path. */
function changed(name: string, change: (path: string) => void): string {
  const path = join(home(), name);
  mkdirSync(path);
  for (const each of readdirSync(folder)) writeFileSync(join(path, each), readFileSync(join(folder, each)));
  change(path);
  return path;
}

test("a model is an encoder, two decoders, model.json and the licence, whose names are those of the graphs' own values", () => {
  expect(readdirSync(folder).sort()).toEqual(
    ["LICENCE.txt", "decoder-mask.onnx", "decoder.onnx", "encoder.onnx", "model.json", "sha256.json"].sort(),
  );
  const { graphs } = readPortableModel(folder)!;
  for (const { file, inputs, outputs } of Object.values(graphs)) {
    const signature = readSignature(join(folder, file));
    const plain = (values: typeof inputs) => values.map(({ name, type, dims }) => ({ name, type, dims }));
    expect(signature.inputs).toEqual(plain(inputs));
    expect(signature.outputs).toEqual(plain(outputs));
  }
  expect(graphs.decoder!.inputs.map(({ name, from }) => `${name} ${from}`)).toEqual([
    "image_tokens encoder",
    "image_keys encoder",
    "image_values encoder",
    "image_queries encoder",
    "point_coords undefined",
    "point_labels undefined",
  ]);
});

test("the same model is the same bytes, and says nothing of this machine", async () => {
  const before = filesOf(folder);
  await writtenModel("sam-nano", folder);
  expect(filesOf(folder)).toEqual(before);
  for (const name of ["model.json", "LICENCE.txt", "sha256.json"]) {
    const text = readFileSync(join(folder, name), "utf8");
    expect(text).not.toContain(home());
    expect(text).not.toContain(homedir());
    expect(text).not.toMatch(/\b20\d\d-\d\d-\d\d\b/);
  }
});

test("the folder is read back as the variant that it was: input, masks and what it lacks", async () => {
  const registry = await taken(folder);
  const { preset, files } = variantOf(registry, "mine");
  const own = variantOf(registry, "sam-nano").preset;
  for (const field of ["input", "mask", "lacks", "maxPoints", "choosesUpTo", "everything"] as const)
    expect(preset[field]).toEqual(own[field]);
  expect(Object.keys(files!)).toEqual(["encoder", "decoder", "decoder-mask"]);
  const named = variantOf(await taken(`${folder}/decoder.onnx,${folder}/encoder.onnx`), "mine");
  expect(named.files).toEqual(files);
});

test("a graph whose bytes are others is refused, and so are graphs without their model.json", async () => {
  const damaged = changed("damaged", (path) => {
    const bytes = readFileSync(join(path, "decoder.onnx"));
    // A byte of a weight: the graph runs all the same.
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(join(path, "decoder.onnx"), bytes);
  });
  await expect(taken(damaged)).rejects.toThrow(/decoder\.onnx: not as bench onnx wrote it \(found sha256/);
  const without = changed("without", (path) => rmSync(join(path, "model.json")));
  await expect(taken(without)).rejects.toThrow("without: not a folder of bench onnx (found no model.json)");
  await expect(taken(`${without}/encoder.onnx,${without}/decoder.onnx`)).rejects.toMatchObject({
    hint: expect.stringContaining("its model.json has to lie beside them"),
  });
  const missing = changed("missing", (path) => rmSync(join(path, "decoder.onnx")));
  await expect(taken(missing)).rejects.toThrow("decoder.onnx: no such file");
});

test("a model.json with a wrong field, of another version or with other values is refused with its name", async () => {
  const edited = (name: string, from: string, to: string) =>
    changed(name, (path) => {
      const file = join(path, "model.json");
      writeFileSync(file, readFileSync(file, "utf8").replace(from, to));
    });
  await expect(taken(edited("field", '"fit": "pad"', '"fit": "crop"'))).rejects.toThrow("field input.fit");
  await expect(taken(edited("version", '"version": 1', '"version": 2'))).rejects.toThrow(
    "of a version that is not known",
  );
  await expect(taken(edited("values", '"name": "image"', '"name": "photo"'))).rejects.toThrow(
    "its inputs are not those of model.json beside it",
  );
  await expect(taken(edited("path", '"file": "encoder.onnx"', '"file": "../encoder.onnx"'))).rejects.toThrow(
    "field graphs.encoder.file",
  );
});

test("a folder of other files is left alone, and one of this command's is replaced", () => {
  expect(() => requireReplaceable(folder)).not.toThrow();
  const other = changed("other", (path) => writeFileSync(join(path, "notes.txt"), "mine"));
  expect(() => requireReplaceable(other)).toThrow("other: holds files that bench onnx did not write (found notes.txt)");
  expect(() => requireReplaceable(join(folder, "model.json"))).toThrow("model.json: is no folder");
});

test("what has no graphs of this program is refused with the reason", async () => {
  const registry = await taken(folder);
  const refused = (id: string) => () => rulesOf(variantOf(registry, id));
  expect(refused("baseline/prompt")).toThrow("baseline/prompt: can not be written: it is a floor, and has no graph");
  expect(refused("mine")).toThrow("mine: can not be written: it is ONNX files of your own already");
  expect(refused("torch/sam-vit-b")).toThrow("torch/sam-vit-b: can not be written: another program runs it");
  expect(rulesOf(variantOf(registry, "sam-fast/sam-nano"))).toBe("sam");
});

test("every model and every method of this project has rules", async () => {
  const registry = await loadRegistry();
  const own = [...registry.variants.values()].filter(
    ({ preset, external }) => preset.role !== "floor" && external === undefined,
  );
  for (const variant of own) expect(() => rulesOf(variant)).not.toThrow();
});
