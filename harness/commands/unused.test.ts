import { expect, test } from "vitest";
import { resolvePlan } from "../plan/plan.ts";
import { refuseUnusedFiles } from "../plan/unusedFlags.ts";
import { commands } from "./index.ts";
import { type Arguments, type Command, refuseUnused } from "./terminal/command.ts";

const all: readonly Command[] = await Promise.all(Object.values(commands).map((load) => load()));

/** A call in which each case of `unused` holds, by the command and the case. */
const calls: Readonly<Record<string, Arguments>> = {
  "run: weights are not from a checkpoint": { weights: "nano" },
  "run: the provider is cpu": { provider: "cpu" },
  "run: latency is not measured": { phase: "accuracy" },
  "doctor: latency is not measured": { shard: "1/2" },
  "choose: --stored is given": { stored: true },
  "choose: weights are not from a checkpoint": { weights: "seeded" },
  "compare: JSON, which holds everything, is printed": { json: true },
  "diff: JSON, which holds everything, is printed": { json: true },
  "diff: masks are left out": { masks: false },
  "diff: weights are not from a checkpoint": { weights: "seeded" },
  "diff: both sides are files": { a: "a.onnx", b: "b.onnx" },
  "history: no chart is written": {},
  "doctor: weights are not from a checkpoint": { weights: "seeded" },
  "data: a data set is checked": { dataset: "check", data: "coco" },
  "data: a data set is written": { dataset: "shapes", out: "scenes" },
  "doctor: the provider is cpu": {},
  "slurm: weights are not from a checkpoint": { weights: "seeded" },
  "slurm: the provider is cpu": { provider: "cpu" },
  "slurm: the jobs are SLURM's": { target: "slurm" },
  "inspect: the file is an ONNX graph": { file: "decoder.onnx" },
  "inspect: --activations is not given": { file: "mine.pth" },
  "pull: --list is given": { list: true },
  "pull: --remove is given": { remove: true },
  "table: --readme is given": { readme: true },
  "table: --paper is given": { paper: "sam-t5-coco" },
  "table: --precisions is given": { precisions: "sam-nano" },
  "table: --runtimes is given": { runtimes: "sam-nano" },
  "run: JSON or CSV, which hold everything, are written": { json: true },
  "run: --columns names the columns": { columns: ["total"] },
  "merge: JSON or CSV, which hold everything, are written": { json: true },
  "merge: --columns names the columns": { columns: ["total"] },
  "table: JSON or CSV, which hold everything, are written": { json: true },
  "table: --columns names the columns": { columns: ["total"] },
  "reproduce: stored runs are judged": { stored: true },
  "report: --gallery is 0": { gallery: 0 },
  "merge: --annotations is given": { annotations: "instances.json" },
  "sweep: weights are not from a checkpoint": { weights: "seeded" },
  "sweep: the provider is cpu": { over: ["batch=1,2"] },
  "sweep: no axis changes the masks": { over: ["batch=1,2", "threads=1,2"] },
  "search: weights are not from a checkpoint": { weights: "nano" },
  "search: --exhaustive is given": { exhaustive: true },
  "quantize: weights are not from a checkpoint": { weights: "seeded" },
  "quantize: the whole id is given": { quantized: "ptq4sam/sam-nano/w6a6" },
  "profile: weights are not from a checkpoint": { weights: "seeded" },
  "predict: weights are not from a checkpoint": { weights: "seeded" },
  "serve: weights are not from a checkpoint": { weights: "seeded" },
  "serve: the page is written as files": { out: "page" },
  "serve: the page computes by its own threads": { provider: "web-wasm1" },
  "onnx: weights are not from a checkpoint": { weights: "seeded" },
  "list: runs are not what is listed": {},
  "list: runs or papers are listed": { what: "runs" },
};

const cases = all.flatMap((command) =>
  (command.unused ?? []).flatMap(({ when, options }) =>
    options.map((option) => [`${command.name}: ${when}`, option, command] as const),
  ),
);

test.each(cases)("%s: --%s is refused", (name, option, command) => {
  const { type, list, default: standard } = command.options[option]!;
  const value = type === "boolean" ? true : type === "number" ? Number(standard ?? 0) + 1 : "given";
  const call = calls[name];
  expect(call, name).toBeDefined();
  const given = { ...call, [option]: list ? [value] : value };
  expect(() => refuseUnused(command, given)).toThrow(/^--[\w-]+: has no effect where /);
  // Without it, and with its default, the call stands.
  const { [option]: _, ...without } = given;
  if (call![option] === undefined)
    expect(() => refuseUnused(command, { ...without, [option]: standard })).not.toThrow();
});

test("every case of a command has a call in the table, and every call a case", () => {
  expect([...new Set(cases.map(([name]) => name))].sort()).toEqual(Object.keys(calls).sort());
});

test("a checkpoint of a variant that is not measured is refused, one of its base is not", async () => {
  const flags = { limit: 1, prompts: "box" };
  const other = { ...flags, variants: "sam-nano", checkpoint: ["sam-vit-b=sam_vit_b.pth"] };
  const plan = await resolvePlan(other);
  expect(() => refuseUnusedFiles(plan, other)).toThrow(
    "--checkpoint sam-vit-b=sam_vit_b.pth: sam-vit-b is not measured (found variants sam-nano)",
  );
  const base = { ...flags, variants: "sparsevit/sam-nano", checkpoint: ["sam-nano=mine.pth"] };
  expect(() => refuseUnusedFiles({ ...plan, chosen: plan.chosen }, { ...base, checkpoint: [] })).not.toThrow();
  expect(refuseUnusedFiles(await resolvePlan(base), base)).toBeUndefined();
});
