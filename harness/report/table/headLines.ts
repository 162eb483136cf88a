import { units } from "../../metrics/index.ts";
import { type Conditions, computedInPage, sameConditions } from "../../results/report/conditions.ts";
import { figureIn, type RunReport } from "../../results/report.ts";
import { promptsText } from "./cellText.ts";
import { metricsIn, scoredPrompts } from "./columns/columns.ts";

/** Returns what stands above a table: which data with how many images and instances, which machine, and which programs answered. */
export function headLines(reports: readonly RunReport[]): readonly string[] {
  return [dataLine(reports), machineLine(reports), ...programLine(reports)];
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
    : `${title}; accuracy in %${otherUnits(reports)} ± 95 % interval: ${counts.join("; ")}`;
}

/** Names the headlines that are no fractions, with their units: `, NoC@90 in clicks,`. */
function otherUnits(reports: readonly RunReport[]): string {
  const found = new Set(reports.flatMap(({ prompts }) => Object.values(prompts).flatMap(Object.keys)));
  const others = metricsIn(reports).filter(({ unit, headline }) => unit !== "fraction" && found.has(headline));
  const named = others.map(({ columns, headline, title, unit }) => {
    return `${columns.find(({ id }) => id === headline)?.title ?? title} in ${units[unit].sign}`;
  });
  return named.length === 0 ? "" : `, ${named.join(", ")},`;
}

function machineLine(reports: readonly RunReport[]): string {
  const timed = reports.filter(({ latency }) => latency.encode !== undefined);
  if (timed.length === 0) return "latency was not measured";
  const all = conditionGroups(timed);
  const samples = `ms: median of ${spanText(timed.map(({ latency }) => latency.encode!.n))}`;
  if (all.length > 1) return `${samples}; ${all.length} different machines or settings, --notes names them`;
  const [group] = all as [ConditionGroup];
  const answered = reports.some(({ conditions: { program } }) => program !== undefined)
    ? ""
    : `, ${onnxRuntimeText(group)}`;
  return `${samples}; ${machineText(group)}${answered}`;
}

/** Says which programs answered for which rows, and that ONNX Runtime did for the others; nothing where it did for all. */
function programLine(reports: readonly RunReport[]): readonly string[] {
  const variants = new Map<string, string[]>();
  const models = reports.filter(({ role }) => role !== "floor");
  for (const { variant, conditions } of models) {
    const text = runtimeText(conditions);
    variants.set(text, [...(variants.get(text) ?? []), variant]);
  }
  const programs = new Set(models.flatMap(({ conditions: { program } }) => program ?? []));
  if (programs.size === 0) return [];
  const own = [...programs].map((program) => `${[...new Set(variants.get(program))].join(", ")} by ${program}`);
  const others = [...variants.keys()].filter((text) => !programs.has(text)).map((text) => `the other rows by ${text}`);
  return [
    `answered by ${programs.size === 1 ? "another program" : "other programs"}: ${[...own, ...others].join("; ")}`,
  ];
}

/** Rows that were measured under the same conditions. */
interface ConditionGroup {
  /** Those of ONNX Runtime where one of the rows is answered by it. */
  readonly conditions: Conditions;
  readonly reports: RunReport[];
}

/** Groups rows whose latencies can be compared; rows of other programs stand with the first rows of ONNX Runtime that are alike. */
export function conditionGroups(reports: readonly RunReport[]): readonly ConditionGroup[] {
  const groups: ConditionGroup[] = [];
  for (const report of reports.toSorted((x, y) => placeOf(x) - placeOf(y))) {
    const group = groups.find(({ conditions }) => sameConditions(conditions, report.conditions));
    if (group === undefined) groups.push({ conditions: report.conditions, reports: [report] });
    else group.reports.push(report);
  }
  return groups;
}

/** Rows of ONNX Runtime in Node name a group, before those of pages and of other programs. */
function placeOf({ conditions }: RunReport): number {
  if (conditions.program !== undefined) return 2;
  return computedInPage(conditions) ? 1 : 0;
}

/** Names threads, machine and runtime of a group; the programs of its other rows have lines of their own. */
export function conditionsText({ conditions, reports }: ConditionGroup): string {
  const machine = machineText({ conditions, reports });
  if (conditions.program !== undefined) return machine;
  const mixed = reports.some(({ conditions: { program } }) => program !== undefined);
  return `${machine}, ${onnxRuntimeText({ conditions, reports })}${mixed ? " where no other program answers" : ""}`;
}

/** Names ONNX Runtime and the providers of a group's rows; rows on others than the processor have theirs in their names. */
function onnxRuntimeText({ conditions, reports }: ConditionGroup): string {
  const inPages = reports.filter((each) => computedInPage(each.conditions));
  const [page] = inPages;
  if (page !== undefined && inPages.length < reports.length) {
    const others = reports.filter((each) => !inPages.includes(each));
    const threads = "threads as their names say";
    return `${onnxRuntimeText({ conditions, reports: others })}; in pages ONNX Runtime ${page.conditions.onnxruntime}, ${threads}`;
  }
  const providers = [...new Set(reports.flatMap(({ conditions: { provider } }) => provider ?? []))];
  if (providers.length < 2) return runtimeText(conditions);
  return `ONNX Runtime ${conditions.onnxruntime}, providers ${providers.join(", ")}`;
}

/** Names what answers: the program, or ONNX Runtime. */
export function runtimeText({ program, onnxruntime, provider }: Conditions): string {
  return program ?? `ONNX Runtime ${onnxruntime}, provider ${provider}`;
}

function machineText({ conditions, reports }: ConditionGroup): string {
  const { cpu, cores, cpus, quota, recorded } = conditions;
  const place = cpus === undefined ? "" : `${/^\d+$/.test(cpus) ? "cpu" : "cpus"} ${cpus} of `;
  const limit = quota === undefined ? "" : ` (a quota of ${quota})`;
  // Groups of pages alone hold rows of several.
  const counts = computedInPage(conditions) ? reports.map((each) => each.conditions.threads) : [conditions.threads];
  const threads = [...new Set(counts)].sort((a, b) => a - b).join(" and ");
  const count = `${threads} thread${threads === "1" ? "" : "s"} on ${place}${cores} core${cores === 1 ? "" : "s"}${limit}`;
  return `${count}, ${cpu}${recorded === undefined ? "" : `, recorded by ${recorded}`}`;
}

function spanText(counts: readonly number[]): string {
  const least = Math.min(...counts);
  const most = Math.max(...counts);
  return least === most ? String(least) : `${least} to ${most}`;
}
