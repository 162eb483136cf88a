import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openWeights } from "../../harness/build/weights/openedWeights.ts";
import { variantOfCheckpoint } from "../../harness/build/weights/recognise.ts";
import { memoryConsole } from "../../harness/commands/fixtures/bench.ts";
import { inspect } from "../../harness/commands/inspect.ts";
import { loadRegistry, variantOf } from "../../harness/plan/plugins/registry.ts";
import { openTensorArchive, writeSeededFile } from "../../harness/weights/index.ts";
import { type PickledModule, pickledModule } from "./fixtures/pickledModule.ts";
import { inertClasses } from "./globalPruning.ts";

const registry = await loadRegistry();

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("the globally pruned model, a pickled module", () => {
  let file: string;
  beforeAll(() => {
    file = join(folder, "SlimSAM-77.pth");
    writeFileSync(file, pickledModule(sam()));
  });

  const problem =
    "is a globally pruned SlimSAM, a pickled module in which each layer has a width of its own (found image_encoder.module.blocks.0.attn.q.weight)";
  const hint =
    "SlimSAM-77.pth and SlimSAM-50.pth are of this kind; take SlimSAM-77-uniform.pth or SlimSAM-50-uniform.pth";

  test("is opened as tensors by name: its classes, and the forward that its encoder was given, are records", async () => {
    const archive = await openTensorArchive(file, { inert: inertClasses });
    expect(archive.tensors.get("image_encoder.module.pos_embed")!.dims).toEqual([1, 4, 4, 24]);
    expect(archive.tensors.get("image_encoder.module.blocks.0.attn.q.weight")!.dims).toEqual([12, 24]);
    expect(archive.tensors.get("mask_decoder.iou_token.weight")!.dims).toEqual([1, 8]);
    archive.close();
  });

  test.each(["slimsam-77", "slimsam-50", "sam-vit-b"])("is refused as %s, with the files to take", async (id) => {
    expect(await refusal(id, file)).toEqual({ message: `${file}: ${problem}`, hint });
  });

  test("is refused by its kind where no variant is named, and bench inspect says so", async () => {
    await expect(variantOfCheckpoint(file, registry)).rejects.toMatchObject({ message: `${file}: ${problem}`, hint });
    expect((await inspected(file)).at(-1)).toBe(`variant     none: it ${problem}; ${hint}`);
  });

  test("is refused as a state dict too, as somebody may have saved it", async () => {
    const saved = join(folder, "saved.safetensors");
    writeSeededFile(saved, new Map([["image_encoder.blocks.0.attn.q.weight", [132, 168]]]));
    expect((await refusal("slimsam-77", saved)).message).toContain("is a globally pruned SlimSAM");
  });

  test("is not what SAM is with its queries, keys and values apart, from which pruning starts", async () => {
    const apart = join(folder, "apart.safetensors");
    writeSeededFile(apart, new Map([["image_encoder.blocks.0.attn.q.weight", [768, 768]]]));
    await expect(variantOfCheckpoint(apart, registry)).rejects.toThrow("fits no variant");
  });
});

describe("the transformers library's copy", () => {
  test.each([
    ["slimsam-77", 168, "SlimSAM-77-uniform.pth"],
    ["slimsam-50", 384, "SlimSAM-50-uniform.pth"],
  ])("of %s is refused with the file to take, whichever variant it is given to", async (id, width, authors) => {
    const file = join(folder, `${id}.safetensors`);
    writeSeededFile(file, new Map([["vision_encoder.patch_embed.projection.weight", [width, 3, 16, 16]]]));
    const problem = "is the transformers library's copy (SamModel), whose weights have other names";
    for (const asked of [id, "slimsam-nano", "mobilesam"])
      expect(await refusal(asked, file)).toEqual({
        message: expect.stringContaining(`${file}: ${problem}`),
        hint: `take ${authors}, the authors' own file`,
      });
  });
});

/** Returns what a user is told who gives a variant this file. */
async function refusal(id: string, file: string): Promise<{ readonly message: string; readonly hint: unknown }> {
  const opened = openWeights({ variant: variantOf(registry, id), weights: { source: "checkpoint", file } }, registry);
  const error = await opened.then(
    () => new Error("it was taken"),
    (reason: Error & { readonly hint?: string }) => reason,
  );
  return { message: error.message, hint: "hint" in error ? error.hint : undefined };
}

async function inspected(file: string): Promise<readonly string[]> {
  const console = memoryConsole();
  expect(await inspect.run({ file }, console)).toBe(0);
  return console.said.out.trim().split("\n");
}

/** Returns a module of the classes that the published file names, small, each layer of its own width. */
function sam(): PickledModule {
  const own = (name: string) => `segment_anything_kd.modeling.${name}`;
  const torch = (name: string) => `torch.nn.modules.${name}`;
  const linear = (outputs: number, inputs: number): PickledModule => ({
    of: torch("linear.Linear"),
    parameters: { weight: [outputs, inputs], bias: [outputs] },
  });
  const attention: PickledModule = {
    of: own("image_encoder.Attention"),
    modules: { q: linear(12, 24), k: linear(12, 24), v: linear(36, 24), proj: linear(24, 36) },
  };
  const mlp: PickledModule = {
    of: own("common.MLPBlock"),
    modules: { lin1: linear(40, 24), lin2: linear(24, 40), act: { of: torch("activation.GELU") } },
  };
  const block: PickledModule = { of: own("image_encoder.Block"), modules: { attn: attention, mlp } };
  const patches: PickledModule = { of: torch("conv.Conv2d"), parameters: { weight: [24, 3, 4, 4], bias: [24] } };
  const encoder: PickledModule = {
    of: own("image_encoder.ImageEncoderViT"),
    parameters: { pos_embed: [1, 4, 4, 24] },
    modules: {
      patch_embed: { of: own("image_encoder.PatchEmbed"), modules: { proj: patches } },
      blocks: { of: torch("container.ModuleList"), modules: { "0": block } },
    },
    ownForward: true,
  };
  const wrapped: PickledModule = { of: "torch.nn.parallel.data_parallel.DataParallel", modules: { module: encoder } };
  const token: PickledModule = { of: torch("sparse.Embedding"), parameters: { weight: [1, 8] } };
  return {
    of: own("sam.Sam"),
    modules: {
      image_encoder: wrapped,
      mask_decoder: { of: own("mask_decoder.MaskDecoder"), modules: { iou_token: token } },
    },
  };
}
