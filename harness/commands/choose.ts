import { resolve } from "node:path";
import { HarnessError } from "../errors.ts";
import { fileHintsOf } from "../plan/models/fileHints.ts";
import { withVariantFiles } from "../plan/models/variantFiles.ts";
import { pickOptions } from "../plan/options.ts";
import { loadRegistry } from "../plan/plugins/registry.ts";
import { type Candidate, candidateOf } from "../report/choose/candidate.ts";
import { choiceJson } from "../report/choose/json.ts";
import { type Limits, parseLatency, parseMemory, parseShare } from "../report/choose/limits.ts";
import { rankCandidates } from "../report/choose/ranking.ts";
import { choiceText } from "../report/choose/text.ts";
import type { Headline } from "../results/headline.ts";
import { choiceOf } from "../run/sides/choice.ts";
import type { OperandContext } from "../run/sides/operands.ts";
import { headings } from "./headings.ts";
import { type Arguments, type Command, line, listOf, widthOf } from "./terminal/command.ts";
import { exitCodes } from "./terminal/exitCodes.ts";
import { interruptible } from "./terminal/interrupt.ts";
import { observe } from "./terminal/observe.ts";
import { flagsOf, weightsUnused, withoutDefaults } from "./terminal/planFlags.ts";
import { resultsOption } from "./terminal/runChoice.ts";

/** Options of the runs that are made where nothing is stored yet. */
const runOptions = [
  "weights",
  "checkpoint",
  "threads",
  "cpus",
  "provider",
  "rounds",
  "warmup",
  "variant-files",
  "input",
  "onnx-names",
] as const;

/** Options that say of which runs the choice is. */
const dataOptions = ["variants", "dataset", "data", "limit", "plugin"] as const;

export const choose: Command = {
  ...headings.choose,
  options: {
    "max-latency": { describe: "of encode and decode together: 50ms, 1.2s", type: "string" },
    "max-memory": { describe: "of a process that holds the model and one photo: 300MB, 1.5GB", type: "string" },
    "min-miou": { describe: "least accuracy: 60%", type: "string" },
    prompts: {
      describe:
        "prompts that accuracy is ranked by: box (the default), 1p, 3p …; of several the first, the others stand beside it",
      type: "string",
    },
    stored: { describe: "rank stored runs alone; what is not stored is measured without it", type: "boolean" },
    ...withoutDefaults(pickOptions(dataOptions)),
    ...withoutDefaults(pickOptions(runOptions)),
    results: resultsOption,
    json: { describe: "print JSON", type: "boolean" },
  },
  unused: [{ when: "--stored is given", holds: ({ stored }) => stored === true, options: runOptions }, weightsUnused],
  examples: [
    ["bench choose --data MY_PHOTOS --max-latency 50ms --max-memory 300MB", "photos alone: by latency and memory"],
    [
      "bench choose --dataset coco --data COCO --limit 200 --max-latency 1s",
      "annotated photos: the most accurate first",
    ],
    ["bench choose --stored --min-miou 60%", "from the runs that are stored, without running a model"],
  ],
  async run(args, console) {
    const limits = limitsOf(args);
    const [prompts, ...beside] = (args.prompts as string | undefined)?.split(",").map((name) => name.trim()) ?? [];
    const observer = observe(console);
    return interruptible(observer, async (signal) => {
      const from = args.stored === true ? "stored" : "measured";
      const choice = await choiceOf({ from, prompts, beside }, await contextOf(args, { observer, signal }));
      observer.finish();
      const { headline, compare } = choice;
      const candidates = choice.measured.map(({ report, side }) => candidateOf(report, side, choice));
      if (limits.accuracy !== undefined) requireMiou(candidates, headline);
      const ranking = rankCandidates(candidates, { limits, better: headline?.metric.better, compare });
      const unranked = [
        ...choice.unranked,
        ...choice.leftOut.map(({ variant, reason, command }) => ({ variant, reason: `${reason}; ${command}` })),
      ];
      const options = { limits, headline, beside: choice.beside, unranked, ...widthOf(console) };
      line(console, args.json ? JSON.stringify(choiceJson(ranking, options)) : choiceText(ranking, options));
      return ranking.fitting.length > 0 ? exitCodes.done.code : exitCodes.no.code;
    });
  },
};

function limitsOf(args: Arguments): Limits {
  const given = (flag: string) => args[flag] as string | undefined;
  const latency = given("max-latency");
  const memory = given("max-memory");
  const share = given("min-miou");
  return {
    latencyMs: latency === undefined ? undefined : parseLatency(latency),
    memoryBytes: memory === undefined ? undefined : parseMemory(memory),
    accuracy: share === undefined ? undefined : parseShare(share),
  };
}

function requireMiou(candidates: readonly Candidate[], headline: Headline | undefined): void {
  const scored = candidates.some(({ accuracy }) => accuracy !== undefined);
  if (scored && headline?.id === "miou") return;
  throw new HarnessError("--min-miou: there is no mIoU to hold it against", {
    found: scored ? `the headline of ${headline?.protocol} is ${headline?.title}` : "no accuracy",
    hint: "leave it out, or name prompts and photos with masks that are scored by mIoU",
  });
}

async function contextOf(args: Arguments, rest: Pick<OperandContext, "observer" | "signal">): Promise<OperandContext> {
  const plugins = listOf(args, "plugin");
  const given = Object.fromEntries([...dataOptions, ...runOptions].map((name) => [name, args[name]]));
  return {
    results: resolve(args.results as string),
    plugins,
    ...rest,
    registry: await withVariantFiles(await loadRegistry(plugins), listOf(args, "variant-files"), fileHintsOf(args)),
    flags: await flagsOf(given),
  };
}
