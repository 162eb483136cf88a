import { expect, test } from "vitest";
import { manifestOf, sparsePresetOf, sparsePresets, withSetting } from "./presets.ts";

test("every size of SAM has a pruned one, which runs on that size's checkpoint", () => {
  expect(sparsePresets.map(({ id, base }) => [id, base])).toEqual([
    ["sparsevit/sam-vit-h", "sam-vit-h"],
    ["sparsevit/sam-vit-l", "sam-vit-l"],
    ["sparsevit/sam-vit-b", "sam-vit-b"],
    ["sparsevit/sam-nano", "sam-nano"],
  ]);
});

test("an id without a setting prunes half of the windows; the manifest says whose transfer this is", () => {
  expect(sparsePresetOf("sparsevit/sam-vit-l")!.setting).toEqual({
    ratios: new Array<number>(12).fill(0.5),
    globalKeep: 1,
  });
  expect(manifestOf("sparsevit/sam-vit-b")!.notes.join()).toContain(
    "windows pruned at 0.5, 0.5, 0.5, 0.5: the paper prunes Swin; on SAM it is this project's transfer",
  );
});

test("flags become part of the id, and the id is read back", () => {
  const id = withSetting("sparsevit/sam-vit-b", { ratios: "0.5,0, .25,0.8" });
  expect(id).toBe("sparsevit/sam-vit-b/0.5-0-0.25-0.8");
  expect(sparsePresetOf(id)!.setting).toEqual({ ratios: [0.5, 0, 0.25, 0.8], globalKeep: 1 });
  const fewer = withSetting(id, { "global-keep": "0.7" });
  expect(fewer).toBe("sparsevit/sam-vit-b/0.5-0-0.25-0.8-g0.7");
  expect(sparsePresetOf(fewer)!.setting).toEqual({ ratios: [0.5, 0, 0.25, 0.8], globalKeep: 0.7 });
});

test("ratios are one a stage, or one a pair of windowed blocks", () => {
  expect(withSetting("sparsevit/sam-nano", { ratios: "0.2,0.6" })).toBe("sparsevit/sam-nano/0.2-0.2-0.6-0.6");
  expect(withSetting("sparsevit/sam-vit-h", { ratios: "0,.1,.2,.3" })).toBe(
    "sparsevit/sam-vit-h/0-0-0-0-0.1-0.1-0.1-0.1-0.2-0.2-0.2-0.2-0.3-0.3-0.3-0.3",
  );
});

test("ids of others are none of its business", () => {
  for (const id of ["sam-vit-b", "sparsevit/mobilesam", "sam-fast/sam-vit-b/int8"])
    expect(sparsePresetOf(id)).toBeUndefined();
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
