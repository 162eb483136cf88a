import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { HarnessError } from "../../errors.ts";
import { openDataset } from "../data/openDataset.ts";
import { probePlugins } from "./pluginProbe.ts";
import { loadPlugins, loadRegistry, variantOf, weightsVariantOf } from "./registry.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function plugin(text: string): string {
  const file = join(folder, "plugin.mjs");
  writeFileSync(file, text);
  return file;
}

const functions = "build: async () => {}, load: async () => {}, loadRaw: async () => {}";

/** A preset with every field that one must have; `changes` are JavaScript. */
function preset(id: string, changes = ""): string {
  return `{ id: ${JSON.stringify(id)}, title: "Mine", paper: { title: "A paper" }, size: "nano", lacks: [], notes: [],
    input: { side: 8, fit: "pad", resize: "bilinear", padValue: 0, mean: [0, 0, 0], std: [1, 1, 1] },
    mask: { path: "direct", interpolation: "bilinear", threshold: ">0" }, ${changes} }`;
}

test("the project's variants and datasets are found by their place alone", async () => {
  const registry = await loadRegistry();
  for (const id of ["sam-vit-h", "sam-vit-l", "sam-vit-b", "sam-nano"]) {
    const { preset, plugin, folder } = variantOf(registry, id);
    expect(preset.id).toBe(id);
    expect(plugin.presets).toContain(preset);
    expect(folder).toMatch(/variants[/\\]sam$/);
  }
  for (const [id, dataset] of registry.datasets) expect(dataset.id).toBe(id);
});

test("an unknown variant is an error with a suggestion", async () => {
  const registry = await loadRegistry();
  expect(() => variantOf(registry, "sam-vitb")).toThrow("unknown variant: sam-vitb; did you mean sam-vit-b?");
});

test("an ONNX file among variants is an error with the flag that runs it", async () => {
  const registry = await loadRegistry();
  const hint = "--variants mine --variant-files mine=x/FastSAM-s.onnx runs an ONNX file";
  expect(() => variantOf(registry, "x/FastSAM-s.onnx")).toThrow(expect.objectContaining({ hint }));
});

test("a variant and a dataset from outside stand beside the project's own", async () => {
  const variant = plugin(`export default { presets: [${preset("mine")}, ${preset("mine-nano")}], ${functions} };`);
  const dataset = join(folder, "dataset.mjs");
  writeFileSync(dataset, `export default { id: "pictures", title: "Photos", about: "mine", open: async () => {} };`);
  const registry = await loadRegistry([variant, dataset]);
  expect(variantOf(registry, "mine-nano").folder).toBe(folder);
  expect(variantOf(registry, "sam-nano").preset.id).toBe("sam-nano");
  expect(registry.datasets.get("pictures")?.id).toBe("pictures");
});

test("a variant needs no loadRaw, and one that it has is a function", async () => {
  const whole = `presets: [${preset("mine")}], build: async () => {}, load: async () => {}`;
  const registry = await loadRegistry([plugin(`export default { ${whole} };`)]);
  expect(variantOf(registry, "mine").plugin.loadRaw).toBeUndefined();
  const file = join(folder, "wrong.mjs");
  writeFileSync(file, `export default { ${whole}, loadRaw: 7 };`);
  expect((await failure([file])).message).toBe(`${file}: loadRaw (found 7, expected a function, or nothing)`);
});

test("an id that is taken names the plug-in that came second", async () => {
  const file = plugin(`export default { presets: [${preset("sam-nano")}], ${functions} };`);
  const error = await failure([file]);
  expect(error.message).toBe(`${file}: the id sam-nano is taken by another plug-in`);
  expect(error.hint).toBe("give it another id");
});

test.each([
  ["nothing exported by default", "export const presets = [];"],
  ["a default export of another kind", "export default 7;"],
  ["a variant that can not be loaded", "export default { presets: [], build: async () => {} };"],
])("a module with %s is no plug-in", async (_, text) => {
  const file = plugin(text);
  expect((await failure([file])).message).toContain(`${file}: not a plug-in (expected a default export with presets`);
});

test.each([
  ["broken syntax", "export default {", /SyntaxError|Parse|Transform|Unexpected|Expected/i],
  ["an error of its own", "throw new TypeError(`first\n  second`);", /TypeError: first second/],
  ["an import that is not there", `import "./missing.mjs";`, /missing\.mjs/],
])("a plug-in with %s is an error of one line", async (_, text, found) => {
  const file = plugin(text);
  const { message } = await failure([file]);
  expect(message).toMatch(/plugin\.mjs: the plug-in can not be loaded \(found .+\)$/);
  expect(message).toMatch(found);
  expect(message).not.toContain("\n");
});

test.each([
  ["an id with a space", preset("my model"), 'preset my model: id (found "my model", expected letters, digits'],
  ["an id with a comma", preset("a,b"), 'preset a,b: id (found "a,b"'],
  ["an id that leaves its folder", preset("../up"), 'preset ../up: id (found "../up"'],
  ["no paper", preset("mine", "paper: undefined"), "preset mine: paper.title (found nothing, expected a text)"],
  [
    "an unknown fit",
    preset("mine", 'input: { side: 8, fit: "crop" }'),
    'input.fit (found "crop", expected pad or stretch or',
  ],
  [
    "two means",
    preset("mine", 'input: { side: 8, fit: "pad", resize: "bilinear", padValue: 0, mean: [1, 2] }'),
    "input.mean (found [1,2]",
  ],
  [
    "lacks that are no list",
    preset("mine", 'lacks: "mask-input"'),
    'lacks (found "mask-input", expected a list of texts)',
  ],
  [
    "a scale without its factor",
    preset("mine", 'seededScale: { prefix: "encoder.", suffix: ".weight" }'),
    'seededScale (found {"prefix":"encoder.","suffix":".weight"}, expected { prefix, suffix, factor }',
  ],
  [
    "weights that are a path alone",
    preset("mine", 'nanoWeights: "mine.safetensors"'),
    'nanoWeights (found "mine.safetensors", expected { file, untrained }: a path and a list of inputs; or nothing)',
  ],
])("a preset with %s is refused by its field", async (_, given, message) => {
  const file = plugin(`export default { presets: [${given}], ${functions} };`);
  const { message: found } = await failure([file]);
  expect(found).toContain(`${file}: ${message.startsWith("preset") ? message : ""}`);
  expect(found).toContain(message);
});

test.each([
  ["an id", `open: async () => {}, title: "x", about: "y"`, "id (found nothing"],
  ["a title", `open: async () => {}, id: "pictures", about: "y"`, "title (found nothing"],
])("a dataset without %s is refused by its field", async (_, given, message) => {
  const file = plugin(`export default { ${given} };`);
  expect((await failure([file])).message).toContain(`${file}: ${message}`);
});

test("a preset of an id with a setting is checked as well", async () => {
  const file = plugin(`export default { presets: [${preset("mine")}], ${functions},
    presetOf: (id) => (id.startsWith("mine/") ? { ...${preset("mine")}, id, title: undefined } : undefined) };`);
  const registry = await loadRegistry([file]);
  expect(() => variantOf(registry, "mine/2")).toThrow(`${file}: preset mine/2: title (found nothing, expected a text)`);
});

test("what a dataset opens is checked by field, and what it throws is its author's", async () => {
  const file =
    plugin(`const whole = { id: "pictures", images: [{ id: 1, fileName: "a", size: { height: 1, width: 1 } }],
      categories: [], fingerprint: "f", warnings: [],
      read: () => ({ size: { height: 1, width: 1 }, pixels: new Uint8Array(4) }), targetsOf() {}, annotationsOf() {} };
    export default { id: "pictures", title: "Photos", about: "mine", async open({ seed }) {
      if (seed === 0) return whole;
      if (seed === 1) return { ...whole, fingerprint: undefined };
      if (seed === 2) return { ...whole, images: [{ id: 1, fileName: "a", size: { height: 1 } }] };
      return whole.images.none.id;
    } };`);
  const registry = await loadRegistry([file]);
  const opened = (seed: number) => openDataset(registry, "pictures", { seed });
  expect((await opened(0)).fingerprint).toBe("f");
  await expect(opened(1)).rejects.toThrow("dataset pictures: fingerprint (found nothing, expected a text)");
  await expect(opened(2)).rejects.toThrow("dataset pictures: image 1 of its list: size.width (found nothing");
  await expect(opened(3)).rejects.toThrow(
    /^dataset pictures: open failed in its plug-in \(found TypeError: .+plugin\.mjs:\d+:\d+\)$/,
  );
  await expect((await opened(0)).read(1)).rejects.toThrow(
    "dataset pictures: image 1: not three bytes a pixel (found 4, exp",
  );
  await expect(openDataset(registry, "photo", { seed: 0 })).rejects.toThrow(
    "unknown dataset: photo; did you mean photos?",
  );
});

test.each([
  ["calls process.exit", "process.exit(0);", /ends the process while it loads \(found exit code 0\)/],
  ["awaits what never comes", "await new Promise(() => {});", /ends the process while it loads \(found exit code 13\)/],
])("a plug-in that %s while it loads is named", async (_, text, message) => {
  const file = plugin(`${text} export default {};`);
  const error = await failure([file]);
  expect(error.message).toMatch(message);
  expect(error.message.startsWith(`${file}: the plug-in`)).toBe(true);
});

test("a plug-in that computes or waits without end while it loads is named", async () => {
  for (const text of ["for (;;) Math.random();", "await new Promise((resolve) => setTimeout(resolve, 1e9));"]) {
    const error = await probePlugins([plugin(text)], 3000).catch((reason: unknown) => reason);
    expect((error as HarnessError).message).toMatch(
      /plugin\.mjs: the plug-in does not finish loading \(found nothing after 3 s\)$/,
    );
  }
});

test("a plug-in that is not there, or a folder, is named", async () => {
  const none = join(folder, "none.mjs");
  expect((await failure([none])).message).toBe(`${none}: no such plug-in`);
  mkdirSync(none);
  expect((await failure([none])).message).toContain(`${none}: the plug-in can not be loaded`);
});

async function failure(plugins: readonly string[]): Promise<HarnessError> {
  const error = await loadRegistry(plugins).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(HarnessError);
  return error as HarnessError;
}

/** A method that runs on any model; `presetOf` of an id without one gives nothing. */
const anyModel = (listed = "") => `export default { presets: [${listed}], ${functions},
    presetOf(id, modelOf) {
      const base = id.startsWith("method/") ? modelOf(id.slice(7)) : undefined;
      return base && { ...base, id, base: base.id };
    } };`;

test("a method runs on a model of any plug-in, and the model's plug-in goes with it", async () => {
  const model = plugin(`export default { presets: [${preset("model")}], ${functions} };`);
  const method = join(folder, "method.mjs");
  // The method is loaded before its base.
  writeFileSync(method, anyModel(preset("method/listed", 'base: "model"')));
  const registry = await loadPlugins([method, model]);
  for (const id of ["method/model", "method/listed"]) {
    const { preset: found, base, file } = variantOf(registry, id);
    expect(found).toMatchObject({ id, base: "model", input: { side: 8 } });
    expect(file).toBe(method);
    expect(base).toMatchObject({ preset: { id: "model" }, file: model });
    expect(weightsVariantOf(registry, variantOf(registry, id)).preset.id).toBe("model");
  }
  expect(variantOf(registry, "model").base).toBeUndefined();
  expect(() => variantOf(registry, "method/modal")).toThrow("unknown variant: method/modal");
});

test("a model may have its checkpoint from another preset of its own plug-in", async () => {
  const own = `${preset("model")}, ${preset("model/setting", 'base: "model"')}`;
  const model = plugin(`export default { presets: [${own}], ${functions} };`);
  const method = join(folder, "method.mjs");
  writeFileSync(method, anyModel());
  const registry = await loadPlugins([method, model]);
  const variant = variantOf(registry, "method/model/setting");
  expect(variant.base!.preset.id).toBe("model/setting");
  expect(weightsVariantOf(registry, variant).preset.id).toBe("model");
});

test("what is no model is refused as a method's base, with what it is", async () => {
  const method = join(folder, "method.mjs");
  writeFileSync(method, anyModel());
  const registry = await loadRegistry([method]);
  const refused = {
    "baseline/prompt": "a floor, which has no graphs",
    "torch/sam-nano": "another program's variant",
    "sam-fast/sam-nano": "a method on sam-nano",
    "method/sam-nano": "a method on sam-nano",
    "sparsevit/sam-nano/0.5-0.5-0.5-0.5": "a method on sam-nano",
  };
  for (const [id, found] of Object.entries(refused))
    expect(() => variantOf(registry, `method/${id}`), id).toThrow(`${id}: no method can change it (found ${found}`);
});
