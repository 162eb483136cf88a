import { expect, test } from "vitest";
import type { VariantManifest } from "../../harness/api.ts";
import { loadRegistry, variantOf } from "../../harness/plan/plugins/registry.ts";
import { presetOf as presetOfModel, settingOf, withSettingFlags } from "./presets.ts";
import { formatSetting, parseSetting } from "./setting.ts";

const registry = await loadRegistry();
const manifestOf = (id: string) => variantOf(registry, id).preset;

function presetOf(id: string): VariantManifest | undefined {
  return presetOfModel(id, () => undefined);
}

test("a setting is bits, perhaps a method, perhaps 8 bits at both ends", () => {
  expect(parseSetting("w6a4")).toEqual({
    bits: { weights: 6, activations: 4 },
    method: "ptq4sam-s",
    edges: "as the others",
    execution: "simulated",
  });
  expect(parseSetting("w4a4-omse-big-edges8")).toMatchObject({ method: "omse-big", edges: "8 bits" });
});

test("integers are what 8 bits run on, unless simulated; learned rounding is simulated", () => {
  expect(["w8a8", "w8a8-simulated", "w8a8-qdrop", "w8a6"].map((text) => parseSetting(text).execution)).toEqual([
    ...["integer", "simulated", "simulated", "simulated"],
  ]);
});

test.each(["w8a8", "w8a8-simulated", "w4a4-omse-agq", "w6a6-edges8", "w8a8-minmax-edges8-simulated", "w2a3-ptq4sam-l"])(
  "%s is written as it was read",
  (text) => expect(formatSetting(parseSetting(text))).toBe(text),
);

test("a wrong setting is the user's to mend", () => {
  expect(() => parseSetting("w9a8")).toThrow("w9a8: bits out of range");
  expect(() => parseSetting("w8a8-omze")).toThrow("unknown quantisation method: omze; did you mean omse?");
});

test("any setting of any SAM is a variant; other ids are not this method's", () => {
  expect(presetOf("ptq4sam/sam-vit-b/w6a6")).toMatchObject({ base: "sam-vit-b", calibration: { automatic: false } });
  expect(settingOf(presetOf("ptq4sam/sam-nano/w6a6-qdrop")!).method).toBe("qdrop");
  expect(presetOf("ptq4sam/sam-nano/w6a6-ptq4sam-s")!.id).toBe("ptq4sam/sam-nano/w6a6");
  for (const id of ["sam-nano", "sam-fast/sam-nano", "ptq4sam", "ptq4sam/other/w8a8"])
    expect(presetOf(id)).toBeUndefined();
  expect(() => presetOf("ptq4sam/sam-nano/w1a8")).toThrow("bits out of range");
});

test("a model of another plug-in says what its own row says, and that this is a transfer", () => {
  const preset = manifestOf("ptq4sam/sam2.1-t/w6a6");
  const base = manifestOf("sam2.1-t");
  expect(preset).toMatchObject({
    id: "ptq4sam/sam2.1-t/w6a6",
    base: "sam2.1-t",
    title: "SAM 2.1 tiny, ptq4sam-s W6A6",
  });
  expect(preset).toMatchObject({ input: base.input, mask: base.mask, calibration: { images: 32, automatic: false } });
  expect(preset.notes.slice(0, -1)).toEqual(base.notes);
  expect(preset.notes.at(-1)).toContain("the paper quantises SAM: on this model it is this project's transfer");
  expect(manifestOf("ptq4sam/edgesam/w8a8-minmax").notes.at(-1)).toContain(
    "this model's layers have its plain quantiser",
  );
  expect(manifestOf("ptq4sam/edgesam").id).toBe("ptq4sam/edgesam/w8a8");
});

test("a setting that learns is SAM's alone, and is refused elsewhere with one that does not learn", () => {
  const learning = () => manifestOf("ptq4sam/hq-sam-nano/hq-token/w4a4-ptq4sam-l");
  expect(learning).toThrow(
    "ptq4sam/hq-sam-nano/hq-token/w4a4-ptq4sam-l: ptq4sam-l learns in units of SAM's own graphs, which hq-sam-nano/hq-token has not",
  );
  expect(learning).toThrow(expect.objectContaining({ hint: expect.stringContaining("hq-token/w4a4 is the same") }));
  expect(() => manifestOf("ptq4sam/mobilesam/w6a6-qdrop")).toThrow(
    expect.objectContaining({ hint: expect.stringContaining("ptq4sam/mobilesam/w6a6-omse is the same") }),
  );
});

test("flags change the setting of an id, or give it one", () => {
  const flags = { bits: "w6a6", method: "omse", "keep-first-last": "8bit" };
  expect(withSettingFlags("ptq4sam/sam-nano", flags)).toBe("ptq4sam/sam-nano/w6a6-omse-edges8");
  expect(withSettingFlags("ptq4sam/sam-nano", { bits: "w4a4" })).toBe("ptq4sam/sam-nano/w4a4");
  expect(withSettingFlags("ptq4sam/sam2.1-t/token0", { bits: "w4a4" })).toBe("ptq4sam/sam2.1-t/token0/w4a4");
  expect(withSettingFlags("ptq4sam/sam-nano/w4a4-omse", { bits: "w8a8" })).toBe("ptq4sam/sam-nano/w8a8-omse");
  expect(() => withSettingFlags("ptq4sam/sam-nano", { bits: "w1a1" })).toThrow("bits out of range");
  expect(() => withSettingFlags("ptq4sam/sam-nano", { method: "ptq" })).toThrow("unknown quantisation method: ptq");
  expect(() => withSettingFlags("ptq4sam/sam-nano", { "keep-first-last": "4bit" })).toThrow("--keep-first-last");
});
