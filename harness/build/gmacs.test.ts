import { expect, test } from "vitest";
import { loadRegistry, variantOf } from "../plan/plugins/registry.ts";
import { seededCheckpoint } from "../weights/index.ts";
import { describeGraphs } from "./build.ts";
import { executedGmacs, referenceGmacs } from "./gmacs.ts";

const registry = await loadRegistry();
const referenceOf = async (id: string) => (await referenceGmacs(variantOf(registry, id)))!;
const executedOf = async (id: string) =>
  executedGmacs(
    await describeGraphs({ variant: variantOf(registry, id), checkpoint: seededCheckpoint(), graph: "fused" }),
  );

// torch's FlopCounter, halved, over the authors' modules; of FastSAM's over ultralytics' YOLOv8-seg with one class.
test.each([
  ["sam-vit-b", 486.0, 1.81],
  ["sam-vit-l", 1492.8, 1.81],
  ["sam-vit-h", 2980.5, 1.81],
  ["mobilesam", 38.8, 1.81],
  ["efficientvit-sam-l0", 34.8, 1.81],
  ["efficientvit-sam-l1", 49.0, 1.81],
  ["efficientvit-sam-l2", 68.6, 1.81],
  ["efficientvit-sam-xl0", 184.8, 1.81],
  ["efficientvit-sam-xl1", 321.9, 1.81],
  ["tinysam", 38.8, 1.81],
  ["slimsam-77", 46.6, 1.81],
  ["slimsam-50", 153.5, 1.81],
  ["sam2.1-t", 146.2, 1.82],
  ["sam2.1-s", 180.0, 1.82],
  ["sam2.1-b+", 323.4, 1.82],
  ["sam2-l", 911.4, 1.82],
  ["edgetam", 19.4, 1.82],
  ["efficienttam-ti", 54.6, 1.82],
  ["efficienttam-s", 152.2, 1.82],
  ["efficienttam-ti-512", 9.8, 0.47],
  ["efficienttam-s-512", 31.6, 0.47],
  ["fastsam-s", 51.093, 0],
  ["fastsam-x", 419.753, 0],
])("%s has the multiply-accumulates that PyTorch counts in the authors' module", async (id, encode, decode) => {
  const found = await referenceOf(id);
  expect(Math.abs(found.encode / encode - 1)).toBeLessThan(0.005);
  // Two decimals leave a small figure open by more than half a percent.
  expect(Math.abs(found.decode - decode)).toBeLessThanOrEqual(Math.max(0.005, 0.005 * decode));
});

test("printed multiply-accumulates agree within 2 %, or the preset's notes say by how much they do not", async () => {
  const printing = [...registry.variants.values()].filter(({ preset }) => preset.printed?.gmacs !== undefined);
  // A family's presets are its own: the list grows with the folders.
  expect(printing.map(({ preset }) => preset.id)).toEqual(expect.arrayContaining(["mobilesam", "sam-vit-h"]));
  for (const { preset } of printing) {
    const { value, counts } = preset.printed!.gmacs!;
    const { encode, decode } = await referenceOf(preset.id);
    const off = Math.abs((counts === "encode" ? encode : encode + decode) / value - 1);
    const percent = `${(100 * off).toFixed(1)} %`;
    // Of what the printed figure has too much.
    const said = preset.notes.some((note) => note.includes(`${(100 * (value / encode - 1)).toFixed(1)} % more`));
    expect([preset.id, percent, off < 0.02 || said]).toEqual([preset.id, percent, true]);
  }
});

test("the fused graph executes less than is published: padding is left out", async () => {
  const published = await referenceOf("sam-vit-h");
  const executed = await executedOf("sam-vit-h");
  expect(Math.round(published.encode)).toBe(2981);
  expect(Math.round(executed.encode)).toBe(2845);
  expect(executed.decode).toBeLessThan(published.decode);
});

test.each([
  ["sam-fast/sam-vit-b", "sam-vit-b"],
  ["ptq4sam/sam-nano/w8a8", "sam-nano"],
  ["ptq4sam/blvit-nano/w8a8", "blvit-nano"],
  ["sam-fast/blvit-nano", "blvit-nano"],
  ["sam-fast/mobilesam-nano", "mobilesam-nano"],
  ["ptq4sam/sam-nano/w4a4", "sam-nano"],
  ["sparsevit/sam-vit-b/0-0-0-0", "sam-vit-b"],
  ["evit/sam-vit-b/k1", "sam-vit-b"],
  ["evovit/sam-nano/k1", "sam-nano"],
])("%s computes as many products as %s does", async (id, base) => {
  expect(await referenceOf(id)).toEqual(await referenceOf(base));
});

test("a pruned windowed block costs the share of its windows that stay, by SAM's published operators", async () => {
  // ViT-B: 8 windowed blocks of 25 windows of 196 tokens: q, k, v and the output of all, the MLP of the 4096 that are no
  // padding (of kept windows: of all), scores and values 64 wide, terms of relative positions 14 + 14.
  const tokens = (count: number, ofMlp: number) => (4 * count + 8 * ofMlp) * 768 ** 2;
  const attention = (windows: number) => windows * 196 * 12 * (2 * 196 * 64 + 28 * 64);
  const whole = tokens(4900, 4096) + attention(25);
  const kept = tokens(2352, 2352) + attention(12);
  const sam = await referenceOf("sam-vit-b");
  const pruned = await referenceOf("sparsevit/sam-vit-b");
  expect((sam.encode - pruned.encode) * 1e9).toBeCloseTo(8 * (whole - kept), -2);
  expect(pruned.decode).toBe(sam.decode);
});

test("every preset's count is from shapes alone, and a method's falls below its base's", async () => {
  for (const { preset } of registry.variants.values()) {
    if (preset.role === "floor") continue;
    const { encode } = await referenceOf(preset.id);
    expect([preset.id, encode > 0]).toEqual([preset.id, true]);
    if (/^(evit|evovit|sparsevit)\//.test(preset.id))
      expect([preset.id, encode < (await referenceOf(preset.base!)).encode]).toEqual([preset.id, true]);
  }
});
