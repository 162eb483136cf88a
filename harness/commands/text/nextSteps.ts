import type { RunPlan } from "../../plan/plan.ts";
import type { RunReport } from "../../results/report.ts";
import { absentSmallModels, totalText } from "./models/smallModels.ts";

/** Returns the command that writes the report of stored runs, of these ids or of the newest of each variant. */
export function reportCommand(results: string, names: readonly string[] = []): string {
  const folder = results === "results" ? [] : ["--results", results];
  return ["bench report", ...names, ...folder].join(" ");
}

/** Returns what brings the next better thing than this plan has: the small published models, else a checkpoint that is published. */
export function nextOfPlan({ registry, leftOut }: Pick<RunPlan, "registry" | "leftOut">): string | undefined {
  const small = absentSmallModels({ registry, leftOut });
  if (small.length > 0) {
    const size = totalText(small.map(({ file }) => file));
    return `\`bench pull --small\` brings ${small.length} published models (${size})`;
  }
  const found = leftOut.find(({ command }) => command.startsWith("bench pull "));
  const [command] = /^bench pull [^,;\s]+/.exec(found?.command ?? "") ?? [];
  return command === undefined ? undefined : `\`${command}\` brings the checkpoint of ${found!.variant}`;
}

/** Returns the same for stored runs, of which the plan is not known. */
export function nextOfRuns(reports: readonly RunReport[]): string | undefined {
  const hasModel = reports.some(({ weights }) => weights === "published" || weights === "checkpoint");
  return hasModel ? undefined : "`bench pull --small` brings published models for `bench run`";
}
