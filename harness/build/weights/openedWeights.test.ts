import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { loadRegistry, variantOf } from "../../plan/plugins/registry.ts";
import { sha256 } from "../../store/canonical.ts";
import { seededTensor } from "../../weights/index.ts";
import { openWeights } from "./openedWeights.ts";

const content = readFileSync(fileURLToPath(new URL("../../../variants/sam/sam-nano.safetensors", import.meta.url)));

let home: string;
let file: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "opened-weights-"));
  vi.stubEnv("SAM_BENCH_HOME", home);
  for (const name of ["checkpoints", "pulled"]) mkdirSync(join(home, name));
  file = join(home, "checkpoints", "sam-nano.safetensors");
  writeFileSync(file, content);
  const hash = { bytes: content.length, sha256: sha256(content) };
  const places = [{ path: "checkpoints/sam-nano.safetensors", bytes: content.length }];
  const from = {
    id: "sam-nano",
    url: "https://example.org/sam-nano.safetensors",
    trust: "first download",
    pulledAt: "2024-05-01T12:00:00.000Z",
  };
  writeFileSync(join(home, "pulled", "sam-nano.json"), JSON.stringify({ ...from, ...hash, places }));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});

function flippedFile(): Buffer {
  const flipped = Buffer.from(content);
  flipped[content.length - 1]! ^= 1;
  return flipped;
}

async function opened(path: string): Promise<string> {
  const registry = await loadRegistry();
  const variant = variantOf(registry, "sam-nano");
  const { checkpoint, record } = await openWeights({ variant, weights: { source: "nano", file: path } }, registry);
  checkpoint.close();
  return record.sha256!;
}

test("a pulled file that is as it came is opened", async () => {
  expect(await opened(file)).toBe(sha256(content));
});

test("a pulled file with one byte flipped is refused, with both hashes and the command that brings it anew", async () => {
  const flipped = flippedFile();
  writeFileSync(file, flipped);
  await expect(opened(file)).rejects.toMatchObject({
    message: `${file}: is not the file that was pulled (found sha256 ${sha256(flipped)}, expected sha256 ${sha256(content)})`,
    hint: expect.stringContaining("bench pull sam-nano brings it anew"),
  });
});

test("a file of the user's own is opened, whatever was pulled under that name", async () => {
  const own = join(home, "own.safetensors");
  writeFileSync(own, flippedFile());
  expect(await opened(own)).toBe(sha256(flippedFile()));
});

test("seeded weights are those of the variant whose checkpoint it is, with its scale, and their label says so", async () => {
  const registry = await loadRegistry();
  const open = (id: string) =>
    openWeights({ variant: variantOf(registry, id), weights: { source: "seeded" } }, registry);
  const plain = await open("sam-nano");
  expect([plain.weightsId, plain.record.label]).toEqual(["seeded 1", "seeded weights, version 1"]);
  for (const id of ["edgesam-nano", "edgesam-nano/stability"]) {
    const { weightsId, record, checkpoint } = await open(id);
    expect(weightsId).toBe("seeded 1, image_encoder.*.bn.weight x 0.7");
    expect(record.label).toBe("seeded weights, version 1, image_encoder.*.bn.weight x 0.7");
    const name = "image_encoder.features.0.0.bn.weight";
    const factor = Math.fround(0.7);
    expect(checkpoint.take(name, [12]).read()).toEqual(seededTensor(name, [12]).map((value) => value * factor));
  }
});

test("a licence that restricts published weights is recorded with every checkpoint of the variant, and not with others", async () => {
  const registry = await loadRegistry();
  const variant = variantOf(registry, "sam-nano");
  const terms = { summary: "non-commercial use only", url: "https://example.org/LICENSE" };
  const published = { id: "theirs", url: "https://example.org/theirs.pth", licence: "S-Lab License 1.0", terms };
  const restricted = { ...variant, preset: { ...variant.preset, published } };
  const licenceOf = async (source: "checkpoint" | "nano" | "seeded") => {
    const weights = source === "seeded" ? { source } : { source, file };
    const { checkpoint, record } = await openWeights({ variant: restricted, weights }, registry);
    checkpoint.close();
    return record.licence;
  };
  expect(await licenceOf("checkpoint")).toEqual({ name: "S-Lab License 1.0", ...terms });
  expect([await licenceOf("nano"), await licenceOf("seeded")]).toEqual([undefined, undefined]);
});
