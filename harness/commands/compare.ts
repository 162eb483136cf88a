import { resolve } from "node:path";
import { metrics } from "../metrics/index.ts";
import { type Option, pickOptions } from "../plan/options.ts";
import { bookOf } from "../plan/plugins/book.ts";
import { loadRegistry } from "../plan/plugins/registry.ts";
import { withVariantFiles } from "../plan/variantFiles.ts";
import {
  type Comparison,
  type Condition,
  compareRuns,
  comparisonText,
  judgeCondition,
  parseCondition,
  type Side,
} from "../report/compare.ts";
import { applicableMetrics, judgementsOf } from "../results/compare/applicable.ts";
import { readSide } from "../results/compare/readSide.ts";
import { chosenMetrics } from "../results/knownProtocol.ts";
import { requireKnownTargets } from "../results/knownTargets.ts";
import { datasetOfRun } from "../results/runDataset.ts";
import { latencyOfSides } from "../run/sides/latency.ts";
import { type Operand, type OperandContext, readOperand, runsOfOperands } from "../run/sides/operands.ts";
import { type Arguments, type Command, type Console, line, note, widthOf } from "./terminal/command.ts";
import { interruptible } from "./terminal/interrupt.ts";
import { observe } from "./terminal/observe.ts";
import { flagsOf } from "./terminal/planFlags.ts";

/** Of a plan where neither side was run yet, and of photos and weights that a run does not keep. */
const runOptions = [
  "dataset",
  "data",
  "prompts",
  "protocol",
  "boxes",
  "limit",
  "threads",
  "provider",
  "checkpoint",
  "variant-files",
] as const;

export const compare: Command = {
  name: "compare",
  describe: "Say whether B is better than A: paired by target, with what chance alone would show",
  arguments: [
    { name: "a", describe: "what is compared with: a run, a variant, or a checkpoint file" },
    { name: "b", describe: "one or more others; what was not measured yet is run on the plan of A", many: true },
  ],
  options: {
    results: { describe: "folder that runs are kept in", type: "string", default: "results" },
    "fail-if": {
      describe: "exit with 1 if B differs from A like this: 'miou.box < -0.5%'",
      type: "string",
      list: true,
    },
    metric: {
      describe: `${metrics.map(({ id }) => id).join(", ")}, or of a --plugin; those that apply without it`,
      type: "string",
      list: true,
    },
    rounds: { describe: "measure latency anew, by turns, in so many rounds", type: "number" },
    seed: {
      describe: "of the exchanges and of latency's draws",
      type: "number",
      default: 0,
    },
    json: { describe: "print JSON", type: "boolean" },
    plugin: { describe: "also know what this module brings", type: "string", list: true },
    ...Object.fromEntries(
      Object.entries(pickOptions(runOptions)).map(([name, option]) => [name, withoutDefault(option)]),
    ),
  },
  examples: [
    ["bench compare sam-vit-b mobilesam", "the newest runs of two variants on the same data"],
    ["bench compare sam-nano-0a1b2c3d4e5f mine.safetensors", "a checkpoint against a stored run, on its plan"],
    ["bench compare before.pth after.pth --fail-if 'miou.box < -0.5%'", "a gate for continuous integration"],
    ["bench compare sam-vit-b mobilesam --rounds 40", "with latency measured anew, by turns"],
  ],
  async run(args, console) {
    const conditions = ((args["fail-if"] ?? []) as readonly string[]).map(parseCondition);
    const observer = observe(console);
    return interruptible(observer, async (signal) => {
      const context = await contextOf(args, { observer, signal });
      const book = bookOf(context.registry);
      const wanted = chosenMetrics(args.metric as readonly string[] | undefined, book);
      const names = [args.a as string, ...(args.b as readonly string[])];
      const operands: Operand[] = [];
      for (const name of names) operands.push(await readOperand(name, context));
      const runs = await runsOfOperands(operands, context);
      const read: Side[] = [];
      for (const run of runs) read.push(await readSide(run, context.flags.prompts));
      const sides = read as [Side, ...Side[]];
      const rounds = args.rounds as number | undefined;
      const latency = await latencyOfSides(sides, operands, { ...context, rounds });
      observer.finish();
      const [a, ...others] = sides;
      const dataset = await datasetOfRun(a.manifest, a.images, datasetRequest(args, context));
      for (const [i, { byPrompts }] of sides.entries())
        for (const rows of byPrompts.values()) if (dataset !== undefined) requireKnownTargets(runs[i]!, rows, dataset);
      const comparisons = compareRuns(a, others, {
        metrics: args.metric === undefined ? applicableMetrics(wanted, sides, dataset !== undefined) : wanted,
        judged: judgementsOf(sides, book),
        seed: args.seed as number,
        dataset,
        latency,
      });
      return print(comparisons, conditions, args, console);
    });
  },
};

function withoutDefault({ default: _, ...option }: Option): Option {
  return option;
}

async function contextOf(args: Arguments, rest: Pick<OperandContext, "observer" | "signal">): Promise<OperandContext> {
  const plugins = (args.plugin as readonly string[] | undefined) ?? [];
  const given = Object.fromEntries(runOptions.map((name) => [name, args[name]]));
  return {
    results: resolve(args.results as string),
    plugins,
    ...rest,
    registry: await withVariantFiles(
      await loadRegistry(plugins),
      (args["variant-files"] as string[] | undefined) ?? [],
    ),
    flags: { ...(await flagsOf(given)), plugin: plugins },
  };
}

function datasetRequest(args: Arguments, { plugins }: OperandContext) {
  return { plugins, data: args.data as string | undefined };
}

function print(
  comparisons: readonly Comparison[],
  conditions: readonly Condition[],
  args: Arguments,
  console: Console,
): number {
  const judged = comparisons.flatMap((comparison) =>
    conditions.map((condition) => ({ comparison, condition, ...judgeCondition(condition, comparison) })),
  );
  const met = judged.filter((each) => each.met);
  if (args.json) {
    const failures = met.map(({ condition, comparison, found }) => ({
      condition: condition.text,
      run: comparison.b.id,
      found,
    }));
    line(console, JSON.stringify({ comparisons, failures }));
  } else {
    const { width } = widthOf(console);
    line(console, comparisons.map((each) => comparisonText(each, width)).join("\n\n\n"));
  }
  for (const { condition, comparison, found } of met)
    note(console, `failed: ${condition.text} (${comparison.b.id}: ${found})`);
  return met.length === 0 ? 0 : 1;
}
