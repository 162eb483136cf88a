import { expect, test } from "vitest";
import { presetOf, settingOf, withSettingFlags } from "./presets.ts";
import { formatSetting, parseSetting } from "./setting.ts";

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

test("flags change the setting of an id, or give it one", () => {
  const flags = { bits: "w6a6", method: "omse", "keep-first-last": "8bit" };
  expect(withSettingFlags("ptq4sam/sam-nano", flags)).toBe("ptq4sam/sam-nano/w6a6-omse-edges8");
  expect(withSettingFlags("ptq4sam/sam-nano", { bits: "w4a4" })).toBe("ptq4sam/sam-nano/w4a4");
  expect(withSettingFlags("ptq4sam/sam-nano/w4a4-omse", { bits: "w8a8" })).toBe("ptq4sam/sam-nano/w8a8-omse");
  expect(() => withSettingFlags("ptq4sam/sam-nano", { bits: "w1a1" })).toThrow("bits out of range");
  expect(() => withSettingFlags("ptq4sam/sam-nano", { method: "ptq" })).toThrow("unknown quantisation method: ptq");
  expect(() => withSettingFlags("ptq4sam/sam-nano", { "keep-first-last": "4bit" })).toThrow("--keep-first-last");
});
