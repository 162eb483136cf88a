import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { bench } from "../harness/commands/fixtures/bench.ts";

const variants = import.meta.dirname;

/** Fixtures that hold the outputs of a full-size preset's own code, on seeded weights of all its published shapes. */
const published: readonly (readonly [variant: string, fixture: string])[] = [
  ["sam-vit-b", "sam/fixtures/sam_vit_b.json"],
  ["mobilesam", "mobilesam/fixtures/mobile_sam.json"],
  ["efficientsam-ti", "efficientsam/fixtures/efficient_sam_vitt.json"],
  ["efficientsam-s", "efficientsam/fixtures/efficient_sam_vits.json"],
  ["efficientvit-sam-l0", "efficientvit-sam/fixtures/efficientvit_sam_l0.json"],
  ["efficientvit-sam-xl0", "efficientvit-sam/fixtures/efficientvit_sam_xl0.json"],
  ["fastsam-s", "fastsam/fixtures/fastsam_s.json"],
  ["repvit-sam", "repvit-sam/fixtures/repvit_sam.json"],
  ["edgesam", "edgesam/fixtures/edge_sam.json"],
  ["slimsam-77", "slimsam/fixtures/slimsam_77_uniform.json"],
  ["tinysam", "tinysam/fixtures/tinysam.json"],
  ["hq-sam-b", "hq-sam/fixtures/hq_sam_vit_b.json"],
  ["hq-sam-light", "hq-sam/fixtures/hq_sam_vit_tiny.json"],
  ["sam2.1-t", "sam2/fixtures/sam2.1_hiera_tiny.json"],
  ["sam2.1-s", "sam2/fixtures/sam2.1_hiera_small.json"],
  ["edgetam", "edgetam/fixtures/edgetam.json"],
  ["efficienttam-ti", "efficienttam/fixtures/efficienttam_ti.json"],
];

const home = mkdtempSync(join(tmpdir(), "sam-bench-full-size-"));
afterAll(() => rmSync(home, { recursive: true }));

// One after the other, each in a process of its own, which gives its memory back: up to 7 GB for the published graph of ViT-B.
test.each(published.flatMap(([variant, fixture]) => ["fused", "reference"].map((graph) => [variant, graph, fixture])))(
  "%s gives what its authors' code gives, %s graph",
  async (variant, graph, fixture) => {
    const args = ["verify", variant!, join(variants, fixture!), "--graph", graph!];
    const { code, out, notes } = await bench(args, { env: { SAM_BENCH_HOME: home } });
    console.log(out);
    expect([code, notes]).toEqual([0, ""]);
  },
  1_800_000,
);

test("no fixture of a full-size preset is left out", () => {
  const files = readdirSync(variants, { recursive: true, encoding: "utf8" });
  const fixtures = files
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => /\/fixtures\/[\w.]+\.json$/.test(file));
  const whole = fixtures.filter((file) => {
    const fields = JSON.parse(readFileSync(join(variants, file), "utf8")) as Record<string, unknown>;
    return (fields.state_dict ?? fields.state_dict_tree) !== undefined && !/nano/.test(String(fields.name));
  });
  expect(whole.sort()).toEqual(published.map(([, fixture]) => fixture).sort());
});
