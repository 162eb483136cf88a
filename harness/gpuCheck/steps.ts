import { join } from "node:path";
import { projectRoot } from "../plan/plugins/sources.ts";

/** A step of the check: a command line of `bench` that holds or does not. */
export interface CheckStep {
  readonly title: string;
  readonly words: readonly string[];
  /** Seconds that it is expected to take on a machine with a GPU, the first start of its libraries included. */
  readonly seconds: number;
}

/** Reference values that the project brings for small presets: variant and file. */
const references = [
  ["efficientsam-nano", "efficientsam/fixtures/efficientsam_nano.json"],
  ["sam-nano", "sam/fixtures/sam_nano.json"],
  ["sam-nano", "sam/fixtures/sam_nano_pad.json"],
] as const;

/** The small trained models, the fastest one first, and two architectures at full size whose latency and memory are measured on seeded weights. */
const models = {
  nano: ["efficientsam-nano", "sam-nano", "mobilesam-nano", "sam-lightening-nano", "blvit-nano"],
  seeded: ["mobilesam", "sam-vit-b"],
};

export interface CheckPlan {
  readonly provider: string;
  /** Folder that everything is written into. */
  readonly out: string;
  readonly size: "whole" | "quick";
}

/** Returns the steps in their order; those that write the report come last, and say what there is. */
export function stepsOf({ provider, out, size }: CheckPlan): readonly CheckStep[] {
  const isQuick = size === "quick";
  const results = ["--results", join(out, "results")];
  const both = ["--provider", `cpu,${provider}`, ...results, "--no-baseline", "--accept-error"];
  const nano = isQuick ? models.nano.slice(0, 1) : models.nano;
  const sizes = isQuick ? ["--limit", "1", "--rounds", "1", "--warmup", "0"] : ["--limit", "4", "--quick"];
  const verified = (isQuick ? references.slice(0, 1) : references).map(([variant, file]) => ({
    title: `verify ${variant} with ${file.split("/").at(-1)}`,
    words: ["verify", variant, join(projectRoot, "variants", file), "--provider", provider],
    seconds: 15,
  }));
  const seeded = {
    title: `run ${models.seeded.join(", ")} on seeded weights`,
    words: ["run", "--variants", models.seeded.join(), "--weights", "seeded", "--limit", "1", "--quick", ...both],
    seconds: 240,
  };
  return [
    ...verified,
    { title: `run ${nano.join(", ")}`, words: ["run", "--variants", nano.join(), ...sizes, ...both], seconds: 180 },
    ...(isQuick ? [] : [seeded]),
    {
      title: "write the table",
      words: ["table", "--format", "markdown", "--out", join(out, "table.md"), ...results],
      seconds: 5,
    },
    { title: "write the report", words: ["report", "--out", out, ...results], seconds: 10 },
  ];
}
