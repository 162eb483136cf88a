import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, test } from "vitest";
import { efficientSamConfigs } from "../efficientsam/config.ts";
import { mobileSamConfigs } from "../mobilesam/config.ts";
import { sam2Configs } from "../sam2/config.ts";
import { adapters } from "./adapters.ts";
import { presetOf, processOf } from "./presets.ts";

/** The program that answers for an id, and its files by name. */
function programOf(id: string) {
  const preset = presetOf(id);
  const program = preset && processOf(preset);
  if (program === undefined) throw new Error(`${id}: no program answers for it`);
  return { ...program, names: program.files.map((file) => basename(file)) };
}

test.each([
  ["torch/sam-vit-b", "torch_sam.py", { width: 768, depth: 12 }],
  ["torch/sam-nano/compile", "torch_sam.py", { width: 96, side: 256 }],
  ["torch/mobilesam", "torch_mobilesam.py", mobileSamConfigs.mobilesam],
  ["torch/mobilesam-nano/compile", "torch_mobilesam.py", mobileSamConfigs["mobilesam-nano"]],
  ["torch/sam2.1-t", "torch_sam2.py", sam2Configs.t],
  ["torch/sam2-b+/compile", "torch_sam2.py", sam2Configs["b+"]],
  ["torch/sam2.1-nano/bf16", "torch_sam2.py", sam2Configs.nano],
  ["torch/efficientsam-ti", "torch_efficientsam.py", efficientSamConfigs["efficientsam-ti"]],
  ["torch/efficientsam-s/bf16", "torch_efficientsam.py", efficientSamConfigs["efficientsam-s"]],
  ["torch/efficientsam-nano", "torch_efficientsam.py", efficientSamConfigs["efficientsam-nano"]],
  ["torch/fastsam-s", "torch_fastsam.py", { side: 1024 }],
  ["torch/fastsam-x/bf16", "torch_fastsam.py", { side: 1024 }],
])("%s is answered by %s, which is told the preset's sizes", (id, script, sizes) => {
  const program = programOf(id);
  expect(program.names[0]).toBe(script);
  expect(program.command).toEqual(["python3", program.files[0]]);
  expect(program.sizes).toMatchObject(sizes);
  expect([program.takes, program.setting]).toEqual(["weights", id.split("/")[2]]);
});

test("a preset keeps what decides its rows, and stands beside the row of the harness's own graphs", () => {
  expect(presetOf("torch/efficientsam-s/bf16")).toMatchObject({
    id: "torch/efficientsam-s/bf16",
    title: "EfficientSAM-S, PyTorch bf16",
    base: "efficientsam-s",
    alternativeTo: "efficientsam-s",
    maxPoints: 6,
    lacks: ["single-mask-token", "mask-input"],
  });
  expect(presetOf("torch/fastsam-x")).not.toHaveProperty("published");
});

test("the licence of ultralytics is in the title and in the notes", () => {
  const { title, notes } = presetOf("torch/fastsam-s")!;
  expect(title).toBe("FastSAM-s, ultralytics (AGPL-3.0) on PyTorch");
  expect(notes[0]).toContain("AGPL-3.0");
});

test("a setting that a program can not have is refused with its reason, and one that nobody knows with what there is", () => {
  expect(() => presetOf("torch/fastsam-s/compile")).toThrow(
    "torch/fastsam-s/compile: it can not run so: photos of each shape are a network of their own, " +
      "and compiling it would be timed as encode (found compile, expected bf16)",
  );
  expect(() => presetOf("torch/mobilesam/int8")).toThrow("unknown setting (found int8, expected compile or bf16)");
  expect(() => presetOf("ort-python/sam-nano/bf16")).toThrow(
    "unknown setting (found bf16, expected ort-python/sam-nano alone)",
  );
});

test("SAM 2's predictor chooses its single mask by stability, so there is no program for the rows of token 0", () => {
  expect(() => presetOf("torch/sam2.1-t/token0")).toThrow("unknown setting (found token0, expected compile or bf16)");
});

test.each(["torch/fastsam-s/square", "torch/mobilesam/bf16/compile", "torch/blvit-nano", "torch"])(
  "%s is no preset of its method",
  (id) => {
    expect(() => presetOf(id)).toThrow(/unknown setting|torch has no such preset/);
  },
);

test("every file of a program that is imported from its folder is part of the run's identity", () => {
  const shipped = new Set(readdirSync(join(dirname(programOf("torch/sam-nano").files[0]!))));
  for (const { method, presets } of adapters) {
    const { files, names } = programOf(`${method}/${presets[0]!.id}`);
    const imported = files.flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(/^(?:from|import) (\w+)/gm)].map(([, module]) => `${module}.py`),
    );
    // The harness adds the helper to every program's files.
    const own = new Set(imported.filter((name) => shipped.has(name) && name !== "sam_bench_external.py"));
    expect(new Set(names.slice(1))).toEqual(own);
  }
});
