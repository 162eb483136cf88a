// Lists the files that a reader opens to follow one figure from its command to its cell in the table.
// node .ci/follow.mjs latency | accuracy | FILE#SYMBOL FILE#SYMBOL... [--root DIR]
//
// A figure's path is an ordered list of waypoints: the functions and records that its value goes through. Between two of
// them lies the shortest chain of imports, in whichever direction one imports the other; files that only export what others
// hold are passed through unopened. Each file counts once. Exit code 1 where a file or a symbol is not there.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const paths = {
  latency: [
    "harness/commands/run.ts#run",
    "harness/plan/plan.ts#resolvePlan",
    "harness/run/runner.ts#runPlan",
    "harness/run/latency/latencyPhase.ts#measureLatency",
    "harness/run/latency/latencyWorkers.ts#LatencyWorkers",
    "harness/worker/worker.ts#serve",
    "harness/worker/latency.ts#measureTurn",
    "harness/run/latency/latencyPhase.ts#recordOf",
    "harness/store/latency.ts#LatencyTurn",
    "harness/store/latency.ts#readLatency",
    "harness/results/report.ts#reportOf",
    "harness/stats/summary.ts#latencySummary",
    "harness/report/table/columns/plainColumns.ts#plainColumns",
    "harness/report/table/tables.ts#resultTable",
  ],
  accuracy: [
    "harness/commands/run.ts#run",
    "harness/plan/plan.ts#resolvePlan",
    "harness/protocols/index.ts#promptPlan",
    "harness/protocols/plan.ts#planPrompts",
    "harness/protocols/index.ts#protocols",
    "harness/protocols/gtboxArgmax.ts#gtboxArgmax",
    "harness/prompts/box.ts#givenBox",
    "harness/protocols/gtboxArgmax.ts#gtboxArgmax",
    "harness/protocols/choice.ts#mostConfident",
    "harness/protocols/gtboxArgmax.ts#gtboxArgmax",
    "harness/mask/overlap.ts#epsilonIou",
    "harness/protocols/gtboxArgmax.ts#gtboxArgmax",
    "harness/plan/plan.ts#resolvePlan",
    "harness/commands/run.ts#run",
    "harness/run/runner.ts#runPlan",
    "harness/run/accuracyPhase.ts#measureAccuracy",
    "harness/worker/worker.ts#serve",
    "harness/worker/accuracy.ts#AccuracyPhase",
    "harness/worker/pass.ts#runPass",
    "harness/image/prepare.ts#toModelFrame",
    "harness/worker/pass.ts#advance",
    "harness/mask/upscale/upscale.ts#maskFromLogits",
    "harness/worker/pass.ts#advance",
    "harness/worker/accuracy.ts#rowOf",
    "harness/run/accuracyPhase.ts#measureAccuracy",
    "harness/store/schema/rowSchema.ts#Row",
    "harness/store/rows.ts#readImages",
    "harness/results/rows.ts#readRunRows",
    "harness/results/report.ts#reportOf",
    "harness/results/accuracy.ts#accuracyOf",
    "harness/metrics/figures.ts#figuresById",
    "harness/stats/intervals.ts#intervalsOf",
    "harness/metrics/figures.ts#Figure",
    "harness/metrics/index.ts#metrics",
    "harness/metrics/miou.ts#miou",
    "harness/stats/means.ts#weightedMean",
    "harness/metrics/miou.ts#miou",
    "harness/protocols/gtboxArgmax.ts#gtboxArgmax",
    "harness/results/accuracy.ts#Accuracy",
    "harness/results/report.ts#Score",
    "harness/report/table/columns/resultColumns.ts#resultColumns",
    "harness/report/table/intervalText.ts#intervalText",
    "harness/report/table/columns/resultColumns.ts#resultColumns",
    "harness/report/table/tables.ts#resultTable",
  ],
};

const words = process.argv.slice(2);
const at = words.indexOf("--root");
const root = at < 0 ? join(dirname(fileURLToPath(import.meta.url)), "..") : words.splice(at, 2)[1];
const waypoints = (words.length === 1 ? paths[words[0]] : words) ?? [];
if (waypoints.length < 2) {
  console.error(
    `follow: which figure? (found ${words.join(" ")}, expected ${Object.keys(paths).join(", ")} or FILE#SYMBOL...)`,
  );
  process.exit(1);
}

const texts = new Map(
  ["harness", "variants", "datasets"]
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true }).map((file) => join(folder, file)))
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .map((file) => [file, readFileSync(join(root, file), "utf8")]),
);
const places = waypoints.map((waypoint) => waypoint.split("#"));
const missing = places.filter(([file, symbol]) => !defines(texts.get(file), symbol));
for (const [file, symbol] of missing)
  console.error(existsSync(join(root, file)) ? `${file}: no symbol ${symbol}` : `${file}: no such file`);
if (missing.length > 0) process.exit(1);

const opened = new Map();
for (const [i, [file, symbol]] of places.entries()) {
  const before = places[i - 1]?.[0];
  for (const step of before === undefined ? [file] : chain(before, file))
    note(step, step === file ? symbol : undefined);
}
let count = 0;
for (const [file, symbols] of opened) {
  const lines = texts.get(file).split("\n").length - 1;
  console.log(`${String(++count).padStart(3)} ${file} (${lines} lines) ${symbols.join(", ") || "on the way"}`);
}
const total = [...opened.keys()].reduce((sum, file) => sum + texts.get(file).split("\n").length - 1, 0);
console.log(`${count} files, ${total} lines`);

function note(file, symbol) {
  if (isBarrel(texts.get(file))) return;
  const symbols = opened.get(file) ?? [];
  opened.set(file, symbols);
  if (symbol !== undefined && !symbols.includes(symbol)) symbols.push(symbol);
}

function defines(text, symbol) {
  const declared = new RegExp(`^(export )?(async )?(const|function\\*?|class|interface|type) ${symbol}\\b`, "m");
  return text !== undefined && declared.test(text);
}

/** Files after the first up to the last, by whichever direction of imports is the shorter. */
function chain(from, to) {
  const ways = [shortest(from, to), shortest(to, from)?.toReversed()].filter((way) => way !== undefined);
  if (ways.length === 0) {
    console.error(`${from} and ${to}: neither imports the other, by way of any file`);
    process.exit(1);
  }
  const cost = (way) => way.filter((file) => !isBarrel(texts.get(file)) && !opened.has(file)).length;
  return ways.sort((a, b) => cost(a) - cost(b))[0].slice(1);
}

/** The chain of imports with the fewest files to open; what re-exports costs nothing. */
function shortest(from, to) {
  const ways = new Map([[from, [from]]]);
  const queue = [[0, from]];
  const costs = new Map([[from, 0]]);
  while (queue.length > 0) {
    queue.sort((a, b) => a[0] - b[0]);
    const [cost, file] = queue.shift();
    if (file === to) return ways.get(to);
    for (const next of importsOf(file)) {
      const total = cost + (isBarrel(texts.get(next)) || opened.has(next) ? 0 : 1);
      if (total >= (costs.get(next) ?? Number.POSITIVE_INFINITY)) continue;
      costs.set(next, total);
      ways.set(next, [...ways.get(file), next]);
      queue.push([total, next]);
    }
  }
  return undefined;
}

function importsOf(file) {
  const found = texts.get(file).matchAll(/^(?:import|export)\b[^"';=]*?\bfrom\s*"(\.[^"]+)"|\bimport\("(\.[^"]+)"\)/gm);
  return [...found]
    .map(([, fixed, dynamic]) => join(dirname(file), fixed ?? dynamic))
    .filter((target) => texts.has(target));
}

/** Says whether a file holds nothing of its own: every statement hands on what another file exports. */
function isBarrel(text) {
  const rest = text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "").replace(/^export\b[^"';=]*?\bfrom\s*"[^"]+";$/gm, "");
  return rest.trim() === "";
}
