import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { HarnessError } from "../errors.ts";
import { loadRegistry, variantOf } from "./registry.ts";

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
  expect(() => variantOf(registry, "sam-vitb")).toThrow("unknown variant: sam-vitb; did you mean sam-vit-b? known: ");
});

test("a variant and a dataset from outside stand beside the project's own", async () => {
  const variant = plugin(`export default { presets: [{ id: "mine" }, { id: "mine-nano" }], ${functions} };`);
  const dataset = join(folder, "dataset.mjs");
  writeFileSync(dataset, `export default { id: "photos", title: "", about: "", open: async () => {} };`);
  const registry = await loadRegistry([variant, dataset]);
  expect(variantOf(registry, "mine-nano").folder).toBe(folder);
  expect(variantOf(registry, "sam-nano").preset.id).toBe("sam-nano");
  expect(registry.datasets.get("photos")?.id).toBe("photos");
});

test("an id that is taken names the plug-in that came second", async () => {
  const file = plugin(`export default { presets: [{ id: "sam-nano" }], ${functions} };`);
  const error = await failure([file]);
  expect(error.message).toBe(`${file}: the id sam-nano is taken by another plug-in`);
  expect(error.hint).toBe("give it another id");
});

test.each([
  ["nothing exported by default", "export const presets = [];"],
  ["a default export of another kind", "export default 7;"],
  ["a variant that can not be loaded", "export default { presets: [], build: async () => {} };"],
  ["a dataset without an id", "export default { open: async () => {} };"],
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
