import { type Conditions, figureIn, type RunReport, sameConditions } from "../../results/report.ts";
import { promptsText } from "./cellText.ts";
import { metricsIn, scoredPrompts } from "./columns.ts";

/** Returns what stands above a table: which data with how many images and instances, and which machine. */
export function headLines(reports: readonly RunReport[]): readonly string[] {
  return [dataLine(reports), machineLine(reports)];
}

/** Names the data set of a table and the number of its images. */
export function titleOf({ dataset, images }: RunReport): string {
  return `${dataset}, ${images.planned} image${images.planned === 1 ? "" : "s"}`;
}

function dataLine(reports: readonly RunReport[]): string {
  const named = new Map<string, string[]>();
  for (const { name, protocol } of scoredPrompts(reports)) {
    const found = reports.flatMap(({ prompts }) =>
      metricsIn(reports).flatMap(({ headline }) => figureIn(prompts[name], protocol, headline)?.n ?? []),
    );
    const n = spanText(found);
    named.set(n, [...new Set([...(named.get(n) ?? []), promptsText(name)])]);
  }
  const title = titleOf(reports[0]!);
  const counts = [...named].map(([n, names]) => `n ${n} by ${names.join(", ")}`);
  return counts.length === 0
    ? `${title}; no accuracy`
    : `${title}; accuracy in % ± 95 % interval: ${counts.join("; ")}`;
}

function machineLine(reports: readonly RunReport[]): string {
  const timed = reports.filter(({ latency }) => latency.encode !== undefined);
  if (timed.length === 0) return "latency was not measured";
  const all = distinctConditions(timed);
  const samples = `ms: median of ${spanText(timed.map(({ latency }) => latency.encode!.n))}`;
  if (all.length > 1) return `${samples}; ${all.length} different machines or settings, --notes names them`;
  return `${samples}; ${conditionsText(all[0]!)}`;
}

/** Returns the conditions that rows were measured under, each once. */
export function distinctConditions(reports: readonly RunReport[]): readonly Conditions[] {
  return reports
    .map(({ conditions }) => conditions)
    .filter((each, i, all) => all.findIndex((other) => sameConditions(other, each)) === i);
}

/** Names threads, machine and runtime. */
export function conditionsText({ provider, threads, onnxruntime, cpu, cores, recorded }: Conditions): string {
  const count = `${threads} thread${threads === 1 ? "" : "s"} on ${cores} core${cores === 1 ? "" : "s"}`;
  const by = recorded === undefined ? "" : `, recorded by ${recorded}`;
  return `${count}, ${cpu}, ONNX Runtime ${onnxruntime}, provider ${provider}${by}`;
}

function spanText(counts: readonly number[]): string {
  const least = Math.min(...counts);
  const most = Math.max(...counts);
  return least === most ? String(least) : `${least} to ${most}`;
}
