import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { PublishedCheckpoint } from "../../api.ts";
import { checkpointJson, checkpointText } from "../../commands/text/models/checkpoint.ts";
import { loadRegistry, type Registry } from "../../plan/plugins/registry.ts";
import { sha256OfFile } from "../../store/disk/fileCache.ts";
import { openTensorArchive } from "../../weights/index.ts";
import { bestFit } from "./misfit.ts";
import { openWeights } from "./openedWeights.ts";
import { variantOfCheckpoint } from "./recognise.ts";

const small = fileURLToPath(new URL("../../../variants/sam/sam-nano.safetensors", import.meta.url));

let home: string;
let file: string;
let sha256: string;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "identity-"));
  vi.stubEnv("SAM_BENCH_HOME", home);
  file = join(home, "mine.safetensors");
  copyFileSync(small, file);
  sha256 = await sha256OfFile(file);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});

/** Returns a registry of sam-nano and a twin, whose tensors have the same names and shapes, with the twin's published file. */
async function twins(published?: PublishedCheckpoint): Promise<Registry> {
  const registry = await loadRegistry();
  const variant = registry.variants.get("sam-nano")!;
  const build: typeof variant.plugin.build = (context) => variant.plugin.build({ ...context, preset: variant.preset });
  const preset = { ...variant.preset, id: "twin", published };
  const twin = { ...variant, preset, plugin: { ...variant.plugin, build } };
  const two = [
    ["sam-nano", variant],
    ["twin", twin],
  ] as const;
  return { ...registry, variants: new Map(two) };
}

async function openedAs(id: string, registry: Registry) {
  const variant = registry.variants.get(id)!;
  const { checkpoint, record } = await openWeights({ variant, weights: { source: "checkpoint", file } }, registry);
  checkpoint.close();
  return record;
}

const address = "https://example.org/twin.safetensors";

describe("a file whose hash is known", () => {
  test("is the variant's that published it, and the row says so", async () => {
    const registry = await twins({ id: "twin", url: address, sha256 });
    expect(await variantOfCheckpoint(file, registry)).toBe("twin");
    expect(await openedAs("twin", registry)).toMatchObject({
      label: "mine.safetensors, by hash (sam-nano or twin by its shapes)",
      published: true,
      identified: "by hash",
    });
  });

  test("is not opened as the other variant, whoever names it", async () => {
    const registry = await twins({ id: "twin", url: address, sha256 });
    await expect(openedAs("sam-nano", registry)).rejects.toMatchObject({
      message: expect.stringContaining(`${file}: is the file that twin published, and not one of sam-nano`),
      hint: expect.stringContaining(`--checkpoint twin=${file}`),
    });
  });

  test("may be known from its first download alone, where its authors print no hash", async () => {
    const registry = await twins({ id: "twin", url: address });
    expect((await openedAs("twin", registry)).identified).toBe("as told");
    mkdirSync(join(home, "pulled"));
    const record = { id: "twin", url: address, trust: "first download", pulledAt: "2026-05-01T12:00:00.000Z" };
    const found = { bytes: 1, sha256, places: [{ path: "checkpoints/twin.safetensors", bytes: 1 }] };
    writeFileSync(join(home, "pulled", "twin.json"), JSON.stringify({ ...record, ...found }));
    expect((await openedAs("twin", registry)).identified).toBe("by hash");
  });

  test("is named by bench inspect with the others that it fits", async () => {
    const registry = await twins({ id: "twin", url: address, sha256 });
    const archive = await openTensorArchive(file);
    const fit = await bestFit(registry, archive);
    expect(checkpointText(archive, fit)).toMatch(
      /^variant +twin, by its sha256; by names and shapes it fits sam-nano, too$/m,
    );
    const json = checkpointJson(archive, fit);
    expect(json).toMatchObject({ variant: "twin", fitting: ["sam-nano", "twin"], identifiedByHash: true });
    archive.close();
  });
});

describe("a file whose hash nobody published", () => {
  test("is the variant's that the user names, and the row says so", async () => {
    const registry = await twins();
    for (const id of ["sam-nano", "twin"])
      expect(await openedAs(id, registry)).toMatchObject({
        label: "mine.safetensors, as told (sam-nano or twin by its shapes)",
        identified: "as told",
      });
  });

  test("is named by bench inspect as any of those that it fits", async () => {
    const archive = await openTensorArchive(file);
    const fit = await bestFit(await twins(), archive);
    const said = checkpointText(archive, fit);
    expect(said).toMatch(/^variant +sam-nano or twin, whose tensors have the same names and shapes; say which: /m);
    expect(said).toContain(`--checkpoint sam-nano=${file} or --checkpoint twin=${file}`);
    expect(checkpointJson(archive, fit)).toMatchObject({ variant: null, fitting: ["sam-nano", "twin"] });
    archive.close();
  });
});

test("a file that fits one variant alone says nothing of how it is known", async () => {
  const record = await openedAs("sam-nano", await loadRegistry());
  expect(record.identified).toBeUndefined();
  expect(record.label).toBe("mine.safetensors");
});
