import { mkdir, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { type Command, line, note } from "../commands/terminal/command.ts";
import { exitCodes } from "../commands/terminal/exitCodes.ts";
import { interruptible } from "../commands/terminal/interrupt.ts";
import { createSteps } from "../commands/terminal/steps.ts";
import { HarnessError } from "../errors.ts";
import { checkProviders, type ProviderState } from "../estimate/machine.ts";
import { homeFolder } from "../home.ts";
import { systemClock } from "../measure/clock.ts";
import { readEnvironment } from "../measure/environment.ts";
import { runtimeVersion } from "../onnx/index.ts";
import { projectRoot } from "../plan/plugins/sources.ts";
import { type RunReport, reportOf } from "../results/report.ts";
import { chosenRuns } from "../results/storedRuns.ts";
import { onDisk } from "../store/disk/disk.ts";
import { withoutFolders } from "../store/hidden.ts";
import { runBench } from "./bench.ts";
import { providerToCheck, triedLines } from "./providers.ts";
import { runSteps, type StepOutcome } from "./runSteps.ts";
import { stepsOf } from "./steps.ts";
import { type Verdict, verdictsOf, verdictText } from "./verdict.ts";

const defaults = { out: "gpu-check" };

export const check: Command = {
  name: "check",
  arguments: [],
  describe: "what this machine's GPU computes, against the processor: agreement, latency, memory, and a report to send",
  options: {
    provider: { describe: "execution provider to check; the best that opens a graph here if left out", type: "string" },
    out: { describe: "folder that the report is written into", type: "string", default: defaults.out },
    quick: { describe: "one small model, one image and one round", type: "boolean" },
  },
  examples: [
    ["npm run gpu-check", "what there is, in about ten minutes"],
    ["npm run gpu-check -- --provider cuda --out h100", "CUDA, into the folder h100"],
    ["npm run gpu-check -- --quick", "whether it works at all"],
  ],
  async run(args, console) {
    const named = args.provider as string | undefined;
    const steps = createSteps(console);
    steps.note("trying the providers of this ONNX Runtime");
    const states = await checkProviders();
    const provider = providerToCheck(states, named);
    if (provider === undefined) {
      line(console, `no GPU provider can be opened here\n${triedLines(states, named).join("\n")}`);
      return exitCodes.no.code;
    }
    const out = resolve(args.out as string);
    const plan = stepsOf({ provider, out, size: args.quick === true ? "quick" : "whole" });
    return interruptible(steps, async (signal) => {
      const outcomes = await runSteps(plan, {
        signal,
        nowMs: systemClock.nowMs,
        bench: (words) => runBench(words, (text) => note(console, `  ${text}`)),
        begun: (done, total, title) =>
          steps.note(`${title}; about ${Math.ceil((total - done) / 60)} min left of ${Math.ceil(total / 60)}`),
      });
      const told = withoutFolders(outcomes, [out, projectRoot, homeFolder(), homedir()]);
      const verdicts = verdictsOf(told, await reportsIn(join(out, "results")), provider);
      await writeFolder(out, { provider, states, outcomes: told, verdicts });
      line(
        console,
        `${verdictText(verdicts)}\n${args.out}: report.html, table.md and machine.json, to send as they are`,
      );
      if (signal.aborted) return exitCodes.interrupted.code;
      return exitCodes[verdicts.every(({ holds }) => holds) ? "done" : "failed"].code;
    });
  },
};

/** Returns the rows that were measured; none where no run was stored. */
async function reportsIn(results: string): Promise<readonly RunReport[]> {
  try {
    const runs = await chosenRuns({ results, names: [], all: false }, () => undefined);
    return await Promise.all(runs.map((run) => reportOf(run)));
  } catch (error) {
    if (error instanceof HarnessError) return [];
    throw error;
  }
}

interface Written {
  readonly provider: string;
  readonly states: readonly ProviderState[];
  readonly outcomes: readonly StepOutcome[];
  readonly verdicts: readonly Verdict[];
}

/** Writes machine.json, which names no host and no folder, and gives the page its name. */
async function writeFolder(out: string, { provider, states, outcomes, verdicts }: Written): Promise<void> {
  const machine = {
    provider,
    onnxruntime: runtimeVersion,
    providers: states,
    machine: readEnvironment(),
    outcomes,
    verdicts,
  };
  await onDisk(out, () => mkdir(out, { recursive: true }));
  await onDisk(out, () => writeFile(join(out, "machine.json"), `${JSON.stringify(machine, undefined, 1)}\n`));
  // Where the report failed there is no page, and the verdict says so.
  await rename(join(out, "index.html"), join(out, "report.html")).catch(() => undefined);
}
