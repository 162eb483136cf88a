import { resolve } from "node:path";
import { HarnessError } from "../errors.ts";
import { metrics } from "../metrics/index.ts";
import { withExternals } from "../plan/external/externals.ts";
import { fileHintsOf } from "../plan/models/fileHints.ts";
import { withVariantFiles } from "../plan/models/variantFiles.ts";
import { pickOptions } from "../plan/options.ts";
import { loadRegistry } from "../plan/plugins/registry.ts";
import { metConditions, parseCondition } from "../report/compare/failIf.ts";
import { comparisonsText } from "../report/compare/text.ts";
import { agreementTable } from "../results/compare/agreement/figures.ts";
import { type ComparedOperands, compareOperands } from "../run/sides/compare.ts";
import type { OperandContext } from "../run/sides/operands.ts";
import { headings } from "./headings.ts";
import { type Arguments, type Command, line, listOf, note, widthOf } from "./terminal/command.ts";
import { exitCodes } from "./terminal/exitCodes.ts";
import { interruptible } from "./terminal/interrupt.ts";
import { observe } from "./terminal/observe.ts";
import { flagsOf, withoutDefaults } from "./terminal/planFlags.ts";
import { resultsOption } from "./terminal/runChoice.ts";

/** Options of a plan, for sides that were not run yet, and of photos, weights and programs, which a run does not keep. */
const runOptions = [
  "dataset",
  "data",
  "prompts",
  "protocol",
  "boxes",
  "limit",
  "threads",
  "cpus",
  "provider",
  "checkpoint",
  "variant-files",
  "input",
  "onnx-names",
  "external",
  "python",
] as const;

export const compare: Command = {
  ...headings.compare,
  options: {
    results: resultsOption,
    "fail-if": {
      describe: `exit with 1 if B differs from A like this: 'miou.box < -0.5%', or if their masks do: 'mask-iou < 0.9999'; of all targets together ${agreementTable.map(({ id }) => id).join(", ")}, and of one prompts name with .box behind it`,
      type: "string",
      list: true,
    },
    metric: {
      describe: `${metrics.map(({ id }) => id).join(", ")}, or of a --plugin; those that apply without it`,
      type: "string",
      list: true,
    },
    rounds: { describe: "measure latency anew, by turns, in so many rounds", type: "number" },
    seed: { describe: "of the exchanges and of latency's draws", type: "number", default: 0 },
    out: {
      describe: "folder for a page of the agreement, with pictures of the ten targets that differ most",
      type: "string",
    },
    photos: { describe: "photos in that page; --no-photos leaves outlines alone", type: "boolean", default: true },
    wide: {
      describe: "also the targets that differ most, all figures with all that is known of them, and categories",
      type: "boolean",
    },
    notes: { describe: "also how the figures are meant", type: "boolean" },
    json: { describe: "print JSON", type: "boolean" },
    plugin: { describe: "also know what this module brings", type: "string", list: true },
    ...withoutDefaults(pickOptions(runOptions)),
  },
  unused: [
    {
      when: "JSON, which holds everything, is printed",
      holds: ({ json }) => json === true,
      options: ["wide", "notes"],
    },
  ],
  examples: [
    ["bench compare sam-vit-b mobilesam", "the newest runs of two variants on the same data"],
    ["bench compare sam-nano-0a1b2c3d4e5f mine.safetensors", "a checkpoint against a stored run, on its plan"],
    ["bench compare before.pth after.pth --fail-if 'miou.box < -0.5%'", "a gate for continuous integration"],
    ["bench compare sam-vit-b torch/sam-vit-b --fail-if 'mask-iou < 0.9999'", "whether two programs are one model"],
    [
      'bench compare sam-nano mine --external mine="python3 mine.py" --rounds 20',
      "a program of your own against a variant, both run here and timed by turns",
    ],
    [
      "bench compare sam-vit-b mobilesam --out differ",
      "and where their masks differ, as pictures: open differ/index.html",
    ],
    ["bench compare sam-vit-b mobilesam --rounds 40", "with latency measured anew, by turns"],
  ],
  async run(args, console) {
    refusePhotos(args);
    const conditions = listOf(args, "fail-if").map(parseCondition);
    const observer = observe(console);
    return interruptible(observer, async (signal) => {
      const request = {
        names: [args.a as string, ...listOf(args, "b")],
        metrics: args.metric === undefined ? undefined : listOf(args, "metric"),
        rounds: args.rounds as number | undefined,
        seed: args.seed as number,
        data: args.data as string | undefined,
      };
      const compared = await compareOperands(request, await contextOf(args, { observer, signal }));
      observer.finish();
      const { comparisons } = compared;
      const met = metConditions(conditions, comparisons);
      if (args.json) {
        const failures = met.map(({ condition, run, found }) => ({ condition: condition.text, run, found }));
        line(console, JSON.stringify({ comparisons, failures }));
      } else {
        const { width } = widthOf(console);
        line(console, comparisonsText(comparisons, { width, wide: args.wide === true, notes: args.notes === true }));
      }
      if (args.out !== undefined) note(console, await pageOf(compared, args));
      for (const { condition, run, found } of met) note(console, `failed: ${condition.text} (${run}: ${found})`);
      return exitCodes[met.length === 0 ? "done" : "no"].code;
    });
  },
};

function refusePhotos({ photos, out }: Arguments): void {
  if (photos !== false || out !== undefined) return;
  throw new HarnessError("--no-photos: has no effect where --out is not given", { hint: "leave it out" });
}

/** Writes the page and returns a line about it. */
async function pageOf({ comparisons, a, others, dataset }: ComparedOperands, args: Arguments): Promise<string> {
  const { comparisonPage, differingPictures, writeComparisonPage } = await import("../report/compare/page/index.ts");
  const photos = args.photos === false ? "left out" : "embedded";
  const credits = a.manifest.dataset.credits ?? [];
  const compared = [];
  for (const [i, comparison] of comparisons.entries())
    compared.push({
      comparison,
      pictures: await differingPictures(comparison, a, others[i]!, { dataset, photos }),
      credits,
    });
  const page = comparisonPage(compared, new Date().toISOString());
  const file = await writeComparisonPage(resolve(args.out as string), page);
  const pictures = compared.reduce((sum, each) => sum + each.pictures.length, 0);
  const without = dataset === undefined && photos === "embedded" ? ", without photos: --data names their folder" : "";
  return `${file}: ${pictures} pictures, ${(Buffer.byteLength(page) / 1e6).toFixed(1)} MB${without}`;
}

async function contextOf(args: Arguments, rest: Pick<OperandContext, "observer" | "signal">): Promise<OperandContext> {
  const plugins = listOf(args, "plugin");
  const given = Object.fromEntries(runOptions.map((name) => [name, args[name]]));
  const known = withExternals(await loadRegistry(plugins), listOf(args, "external"));
  return {
    results: resolve(args.results as string),
    plugins,
    ...rest,
    registry: await withVariantFiles(known, listOf(args, "variant-files"), fileHintsOf(args)),
    flags: { ...(await flagsOf(given)), plugin: plugins },
  };
}
