import { expect, test } from "vitest";
import { loadRegistry, variantOf } from "../../harness/plan/plugins/registry.ts";
import { settingOf, sparsePresets, withSetting } from "./presets.ts";

const registry = await loadRegistry();
const manifestOf = (id: string) => variantOf(registry, id).preset;

test("every size of SAM has a pruned one, which runs on that size's checkpoint", () => {
  expect(sparsePresets.map(({ id, base }) => [id, base])).toEqual([
    ["sparsevit/sam-vit-h", "sam-vit-h"],
    ["sparsevit/sam-vit-l", "sam-vit-l"],
    ["sparsevit/sam-vit-b", "sam-vit-b"],
    ["sparsevit/sam-nano", "sam-nano"],
  ]);
});

test("an id without a setting prunes half of the windows; the manifest says whose transfer this is", () => {
  expect(settingOf("sparsevit/sam-vit-l")).toEqual({
    ratios: new Array<number>(12).fill(0.5),
    globalKeep: 1,
  });
  expect(manifestOf("sparsevit/sam-vit-b")!.notes.join()).toContain(
    "windows pruned at 0.5, 0.5, 0.5, 0.5: the paper prunes Swin; on SAM's ViT it is this project's transfer",
  );
});

test("flags become part of the id, and the id is read back", () => {
  const id = withSetting("sparsevit/sam-vit-b", { ratios: "0.5,0, .25,0.8" });
  expect(id).toBe("sparsevit/sam-vit-b/0.5-0-0.25-0.8");
  expect(settingOf(id)).toEqual({ ratios: [0.5, 0, 0.25, 0.8], globalKeep: 1 });
  const fewer = withSetting(id, { "global-keep": "0.7" });
  expect(fewer).toBe("sparsevit/sam-vit-b/0.5-0-0.25-0.8-g0.7");
  expect(settingOf(fewer)).toEqual({ ratios: [0.5, 0, 0.25, 0.8], globalKeep: 0.7 });
});

test("ratios are one a stage, or one a pair of windowed blocks", () => {
  expect(withSetting("sparsevit/sam-nano", { ratios: "0.2,0.6" })).toBe("sparsevit/sam-nano/0.2-0.2-0.6-0.6");
  expect(withSetting("sparsevit/sam-vit-h", { ratios: "0,.1,.2,.3" })).toBe(
    "sparsevit/sam-vit-h/0-0-0-0-0.1-0.1-0.1-0.1-0.2-0.2-0.2-0.2-0.3-0.3-0.3-0.3",
  );
});

test("a model of another plug-in is pruned too, and says what its own row says", () => {
  const { preset, base } = variantOf(registry, "sparsevit/sam2.1-t");
  expect(base!.preset.id).toBe("sam2.1-t");
  expect(preset).toMatchObject({ base: "sam2.1-t", input: base!.preset.input, title: "SparseViT on SAM 2.1 tiny" });
  expect(preset.notes.slice(0, -1)).toEqual(base!.preset.notes);
  expect(preset.notes.at(-1)).toContain("on Hiera it is this project's transfer");
  expect(preset.printed).toBeUndefined();
});

test("ratios stand behind a base's whole id", () => {
  const id = withSetting("sparsevit/hq-sam-nano/hq-token", { ratios: "0.1,0.2" });
  expect(id).toBe("sparsevit/hq-sam-nano/hq-token/0.1-0.1-0.2-0.2");
  expect(manifestOf(id)).toMatchObject({ id, base: "hq-sam-nano/hq-token" });
});

test("a model without windows is refused with the reason, and an unknown one as any unknown variant", () => {
  expect(() => manifestOf("sparsevit/edgesam")).toThrow("sparsevit/edgesam: RepViT has no windows to leave out");
  expect(() => manifestOf("sparsevit/sam-vit-x")).toThrow("unknown variant: sparsevit/sam-vit-x");
  expect(() => manifestOf("sparsevit/mobilesam/0.5-0.5-0.5-0.5-0.5-g0.5")).toThrow(
    "--global-keep: no tokens can be left out of global blocks of TinyViT (found mobilesam",
  );
});

test.each([
  ["sparsevit/sam-vit-b/0.5-0.5", "sparsevit/sam-vit-b/0.5-0.5: the setting is not as it should be (found 0.5-0.5"],
  ["sparsevit/sam-vit-b/half", "expected 4 ratios with - between them, like sparsevit/sam-vit-b/0.5-0.5-0.5-0.5"],
  ["sparsevit/sam-vit-b/0.5-0.5-0.5-0.5/more", "(found 0.5-0.5-0.5-0.5/more"],
  ["sparsevit/sam-vit-b/0.5-0.5-0.5-0.97", "ratios: one leaves no window (found 0.97, expected 0 to 0.96)"],
  ["sparsevit/sam-nano/0.5-0.4-0.5-0.5", "ratios: they may not fall within a stage"],
  ["sparsevit/sam-nano/0.5-0.5-0.5-0.5-g0", "--global-keep: must be a share of the tokens (found 0"],
])("%s is refused", (id, message) => {
  expect(() => manifestOf(id)).toThrow(message);
});

test.each([
  [{ ratios: "0.5,0.5,0.5" }, "--ratios: one a stage or one a group of blocks are needed (found 3, expected 2 or 4)"],
  [{ ratios: "0.5,x" }, "--ratios: not a number (found x"],
  [{ "global-keep": "2" }, "--global-keep: must be a share of the tokens (found 2"],
])("flags %o are refused", (values, message) => {
  expect(() => withSetting("sparsevit/sam-nano", values)).toThrow(message);
});
