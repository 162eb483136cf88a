import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Findings } from "../estimate/findings.ts";
import { diskFreeBytes, isSoftwareDevice, vulkanDevice } from "../estimate/machine.ts";
import { needsOf } from "../estimate/needs.ts";
import { checkPages } from "../estimate/pages.ts";
import { swiftShader, useSwiftShader } from "../onnx/fixtures/swiftShader.ts";
import { fakePythons, onPath } from "../plan/fixtures/fakePython.ts";
import { resolvePlan } from "../plan/plan.ts";
import { terminalWidth } from "../report/table/formats/terminalWidth.ts";
import { doctor } from "./doctor.ts";
import { memoryConsole } from "./fixtures/bench.ts";
import { findingsText } from "./text/findings.ts";

const results = mkdtempSync(join(tmpdir(), "doctor-"));
const nano = { variants: "sam-nano", limit: 2 };

async function examineHere(args: Readonly<Record<string, unknown>>) {
  const console = memoryConsole();
  const code = await doctor.run({ results, ...args }, console);
  expect(console.said.notes).toBe("");
  return { code, out: console.said.out };
}

/** Examines with a Python that has every package: asking the machine's own ones takes several seconds each time. */
function examine(args: Readonly<Record<string, unknown>>) {
  return onPath(fakePythons(results, { python3: {} }), () => examineHere(args));
}

/** The examination that several tests look at: it starts every provider, which takes a while. */
let examination: ReturnType<typeof examine> | undefined;
const examinedOnce = () => {
  examination ??= examine({ ...nano, json: true });
  return examination;
};

test("the JSON has the machine, what is installed and what the plan needs", async () => {
  const { code, out } = await examinedOnce();
  const found = JSON.parse(out);
  expect(found.machine.cpu.cores).toBeGreaterThan(0);
  expect(found.providers).toContainEqual({ name: "cpu", usable: true });
  expect(found.disks.map(({ holds }: { holds: string }) => holds)).toEqual(["graphs and checkpoints", "results"]);
  expect(found.installed).toContainEqual(
    expect.objectContaining({ variant: "sam-nano", weights: "nano", file: "sam-nano.safetensors" }),
  );
  expect(found.gmacsPerSecond).toBeGreaterThan(0);
  expect(found.plan).toMatchObject({ dataset: "photos", images: 2, prompts: ["box", "1p", "3p"] });
  expect(found.plan.variants[0]).toMatchObject({ variant: "sam-nano", weights: "nano" });
  expect(found.missing).toEqual([]);
  expect(code).toBe(0);
});

test("the text says what is needed and that nothing is missing", async () => {
  const { out } = await examine(nano);
  expect(out).toMatch(/^provider +cpu: usable$/m);
  expect(out).toMatch(/^the plan needs about .* of memory, .* of disk$/m);
  expect(out).toMatch(/^2 images of photos \(some \d+ targets\), prompts box, 1p, 3p$/m);
  expect(out).toContain("nothing is missing");
  expect(out.split("\n").filter((line) => line.length > 120 && !line.includes(results))).toEqual([]);
});

test("what pages of a browser need is named, with what brings it", async () => {
  const found = JSON.parse((await examinedOnce()).out) as Findings;
  const complete = { browser: "/opt/chromium", onnxruntime: "1.31.0", missing: [] };
  expect(findingsText({ ...found, pages: complete })).toMatch(
    /^pages +can compute by \/opt\/chromium and onnxruntime-web 1\.31\.0$/m,
  );
  const lacking = checkPages({ PATH: "" });
  expect(lacking.browser).toBeUndefined();
  expect(findingsText({ ...found, pages: lacking }).replaceAll(/\s+/g, " ")).toContain(
    "can not compute; --runtime web: no browser is installed (expected one of chromium, ",
  );
});

test("no line is wider than a terminal of 80, 100 or 140 columns, but for a folder that is", async () => {
  const found = JSON.parse((await examinedOnce()).out) as Findings;
  const variants = [...found.plan!.variants, { ...found.plan!.variants[0]!, variant: "sam-fast/sam-nano/per-token" }];
  const leftOut = ["sam-vit-h", "efficientvit-sam-xl1"].map((variant) => ({
    variant,
    reason: "no checkpoint here",
    command: `bench pull ${variant}, or bench run --variants ${variant} --checkpoint ${variant}=FILE; or --weights seeded`,
  }));
  const missing = [
    "provider webgpu: WebGPU needs Vulkan's loader, which apt-get install libvulkan1 chromium brings here",
  ];
  for (const columns of [80, 100, 140]) {
    const text = findingsText({ ...found, missing, plan: { ...found.plan!, variants, leftOut } }, columns);
    const tooWide = text.split("\n").filter((line) => terminalWidth(line) > columns);
    // The name of a folder is not cut.
    expect(tooWide.filter((line) => line.trim().includes(" "))).toEqual([]);
    expect(text).toMatch(/^plan .* time +memory MB/m);
    expect(text).toMatch(/^sam-fast\/sam-nano\/per-token .* \d+$/m);
    expect(text.replaceAll(/\s+/g, " ")).toContain("bench pull sam-vit-h, or bench run");
  }
});

test("a plan that can not run is a finding, with what would mend it, and the exit code says no", async () => {
  const { code, out } = await examine({ variants: "sam-nanno", json: true });
  expect(code).toBe(1);
  const { missing, plan } = JSON.parse(out);
  expect(missing).toEqual([expect.stringContaining("unknown variant: sam-nanno; did you mean sam-nano?")]);
  expect(plan).toBeUndefined();
});

test("each shipped program can run, or a line says on which Python, and what brings the packages that it lacks", async () => {
  const path = fakePythons(results, { python3: { lacks: ["torch", "segment-anything"] } });
  const { out } = await onPath(path, () => examineHere(nano));
  const text = out.replaceAll(/\s+/g, " ");
  expect(text).toContain(
    "program torch/… for sam-vit-h, sam-vit-l, sam-vit-b, sam-nano: can not run on python3; python3 -m pip install torch segment-anything",
  );
  const able = fakePythons(results, { python3: {} });
  const { out: json } = await onPath(able, () => examineHere({ ...nano, json: true }));
  const { programs, missing } = JSON.parse(json);
  expect(programs).toContainEqual({
    method: "openvino",
    presets: expect.arrayContaining(["sam-vit-b", "mobilesam"]),
    packages: ["openvino", "numpy", "pillow"],
    python: "python3",
  });
  expect(missing).toEqual([]);
});

test("without a Python one line says what can not run, and nothing is missing", async () => {
  const { code, out } = await onPath(fakePythons(results, {}), () => examineHere(nano));
  expect(out.split("\n").filter((line) => /python/i.test(line))).toEqual([
    expect.stringMatching(
      /^python +none starts: torch\/…, ort-python\/…, openvino\/… can not run, and nothing else needs it$/,
    ),
  ]);
  expect(code).toBe(0);
});

test("a program of the plan that does not say what it is, is missing", async () => {
  const external = ["gone=no-such-program-anywhere"];
  const { code, out } = await examine({ variants: "sam-nano,gone", external, limit: 2 });
  expect(code).toBe(1);
  expect(out).toMatch(/^missing\n- gone: its own process ended \(exit code 127/m);
});

test("an unknown provider is missing", async () => {
  const { code, out } = await examine({ ...nano, provider: "npu" });
  expect(code).toBe(1);
  expect(out).toMatch(/^missing\n- unknown provider: npu; did you mean cpu\?/m);
});

test.skipIf(swiftShader === undefined)(
  "a device that is software is called so (needs SwiftShader: chromium and libvulkan1)",
  // Where other processes keep all cores busy the software device is now and then not opened.
  { retry: 2 },
  async () => {
    useSwiftShader();
    const { out } = await examine(nano);
    expect(out.replaceAll(/\s+/g, " ")).toMatch(
      /provider webgpu: usable, on SwiftShader Device \(.+?\), a software device: it computes on the processor, its times are no GPU's/,
    );
  },
);

test.skipIf(process.platform !== "linux")("without a device, what brings one is said (needs Linux)", async () => {
  const before = process.env.VK_ICD_FILENAMES;
  process.env.VK_ICD_FILENAMES = join(results, "none.json");
  try {
    const { out } = await examine({ ...nano, provider: "webgpu" });
    expect(out.replaceAll(/\s+/g, " ")).toMatch(
      /missing - provider webgpu: WebGPU needs Vulkan's loader \(.*libvulkan1\) .*apt-get install chromium; VK_ICD_FILENAMES=/,
    );
  } finally {
    if (before === undefined) delete process.env.VK_ICD_FILENAMES;
    else process.env.VK_ICD_FILENAMES = before;
  }
});

test("the device is the one that Vulkan's loader opened last", () => {
  const log = [
    'DRIVER | LAYER:          Using "Intel(R) UHD Graphics" with driver: "/usr/lib/libvulkan_intel.so"',
    "DRIVER | LAYER: vkCreateDevice layer callstack setup to:",
    'DRIVER | LAYER:          Using "llvmpipe (LLVM 15.0.6, 256 bits)" with driver: "/usr/lib/libvulkan_lvp.so"',
  ];
  expect(vulkanDevice(log.join("\n"))).toBe("llvmpipe (LLVM 15.0.6, 256 bits)");
  expect(vulkanDevice("Warning: vkCreateInstance: Found no drivers!")).toBeUndefined();
  expect(log.map((each) => isSoftwareDevice(vulkanDevice(each) ?? ""))).toEqual([false, false, true]);
});

const onCpu = (gmacsPerSecond: number) => new Map([["cpu", gmacsPerSecond]]);

test("accuracy grows with the images, and seeded weights need none", async () => {
  const secondsOf = async (flags: Parameters<typeof resolvePlan>[0]) =>
    (await needsOf(await resolvePlan({ variants: "sam-nano", ...flags }), onCpu(50))).seconds;
  expect(await secondsOf({ limit: 40 })).toBeGreaterThan(await secondsOf({ limit: 20 }));
  expect(await secondsOf({ limit: 40, weights: "seeded" })).toBe(await secondsOf({ limit: 20, weights: "seeded" }));
});

test("twice the speed halves the encode, and changes no memory", async () => {
  const plan = await resolvePlan(nano);
  const slow = await needsOf(plan, onCpu(50));
  const fast = await needsOf(plan, onCpu(100));
  expect(fast.variants[0]!.encodeMs).toBeCloseTo(slow.variants[0]!.encodeMs / 2, 9);
  expect(fast.memoryBytes).toBe(slow.memoryBytes);
});

test("a folder that is not there yet has its parent's free space", async () => {
  expect(await diskFreeBytes(join(results, "not", "there"))).toBeGreaterThan(0);
});
