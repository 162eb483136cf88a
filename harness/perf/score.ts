import { fork } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Command, type Console, line } from "../commands/terminal/command.ts";
import { plainTable } from "../commands/text/plainTable.ts";
import { HarnessError } from "../errors.ts";
import { projectRoot } from "../plan/plugins/sources.ts";
import { drawLvis, lvisVal, repeatFiles, type ScoreFiles } from "./scoreData.ts";
import type { ScoreOrder, ScoreReport } from "./scoreWays.ts";

const beside = join(projectRoot, "..", "shared");

export const score: Command = {
  name: "score",
  describe: "Results and annotations of COCO's size scored, against JSON.parse and a pair of masks at a time",
  arguments: [],
  options: {
    annotations: { describe: "annotation JSON; the real set's without it", type: "string" },
    detections: { describe: "results JSON that belongs to it", type: "string" },
    repeat: { describe: "copies of every image", type: "number", default: 50 },
    copies: { describe: "detections in place of each", type: "number", default: 5 },
    rounds: { describe: "processes of each way, in turns", type: "number", default: 3 },
    lvis: {
      describe: "in place of that, drawn data of LVIS v1 val's size: minutes, and 2 GB of disk",
      type: "boolean",
    },
    part: { describe: "of LVIS's images, to see that time grows with them", type: "number", default: 1 },
  },
  examples: [["npm run perf -- score --repeat 10", "a fifth of COCO val2017's images"]],
  async run(args, console) {
    const folder = await mkdtemp(join(tmpdir(), "sam-bench-score-"));
    const files = { annotations: join(folder, "annotations.json"), detections: join(folder, "detections.json") };
    try {
      if (args.lvis) await lvis(files, args.part as number, console);
      else {
        await repeatFiles(sourcesOf(args), files, { repeat: args.repeat as number, copies: args.copies as number });
        await coco(files, args.rounds as number, console);
      }
      return 0;
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

function sourcesOf(args: Readonly<Record<string, unknown>>): ScoreFiles {
  const annotations = (args.annotations as string | undefined) ?? join(beside, "realset", "coco.json");
  const detections =
    (args.detections as string | undefined) ?? join(beside, "fixtures", "coco", "detections_coco.json");
  for (const file of [annotations, detections]) {
    if (!existsSync(file))
      throw new HarnessError(`${file}: no such file`, { hint: "give --annotations and --detections" });
  }
  return { annotations, detections };
}

async function coco(files: ScoreFiles, rounds: number, console: Console): Promise<void> {
  describeFiles(files, console);
  const ways = ["two threads", "one thread", "plain"] as const;
  const reports = ways.map((): ScoreReport[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, way] of ways.entries()) reports[i]!.push(await take({ ...files, way, rules: "coco" }));
  }
  const [two, one, plain] = reports.map(fastest) as [ScoreReport, ScoreReport, ScoreReport];
  printStages("two threads, to the twelve numbers", two, console);
  printStages("one thread, to the twelve numbers", one, console);
  printStages("plain: JSON.parse and pairs of masks, to the overlaps alone", plain, console);
  for (const [name, report] of [
    ["one thread", one],
    ["plain", plain],
  ] as const) {
    line(
      console,
      `time    two threads / ${name}: ${(totalOf(two) / totalOf(report)).toFixed(3)} (fastest of ${rounds} each)`,
    );
    line(console, `memory  two threads / ${name}: ${(two.peakBytes / report.peakBytes).toFixed(3)}`);
  }
  printValues(two, console);
}

async function lvis(files: ScoreFiles, part: number, console: Console): Promise<void> {
  const shape = {
    ...lvisVal,
    images: Math.round(lvisVal.images * part),
    annotations: Math.round(lvisVal.annotations * part),
  };
  await drawLvis(files, shape);
  describeFiles(files, console);
  const report = await take({ ...files, way: "two threads", rules: "lvis" });
  printStages(`${shape.images} images, ${shape.annotations} annotations`, report, console);
  printValues(report, console);
}

function take(order: ScoreOrder): Promise<ScoreReport> {
  const child = fork(fileURLToPath(new URL("scoreWays.mjs", import.meta.url)), {
    execArgv: ["--max-old-space-size=8192"],
  });
  return new Promise((resolve, reject) => {
    child.once("exit", (code, signal) => reject(new Error(`${order.way}: its process ended (${signal ?? code})`)));
    child.once("message", (report: ScoreReport) => resolve(report));
    child.send(order);
  });
}

function fastest(reports: readonly ScoreReport[]): ScoreReport {
  return reports.reduce((best, each) => (totalOf(each) < totalOf(best) ? each : best));
}

function totalOf({ stages }: ScoreReport): number {
  return Object.values(stages).reduce((sum, seconds) => sum + seconds, 0);
}

function describeFiles(files: ScoreFiles, console: Console): void {
  const [annotations, detections] = [files.annotations, files.detections].map((file) => statSync(file).size / 1e6);
  line(console, `annotations ${annotations!.toFixed(1)} MB, detections ${detections!.toFixed(1)} MB\n`);
}

function printStages(title: string, report: ScoreReport, console: Console): void {
  const stages = Object.entries(report.stages);
  const cells = [...stages.map(([, seconds]) => seconds), totalOf(report)].map((seconds) => seconds.toFixed(2));
  line(console, title);
  line(
    console,
    plainTable(
      [...stages.map(([stage]) => `${stage} s`), "total s", "peak MB"],
      [[...cells, (report.peakBytes / 1e6).toFixed(0)]],
    ),
  );
  line(console, "");
}

function printValues({ values }: ScoreReport, console: Console): void {
  line(console, values.map(({ id, value }) => `${id} ${value === undefined ? "absent" : value.toFixed(4)}`).join("  "));
}
