import { existsSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Command, type Console, line } from "../../commands/terminal/command.ts";
import { plainTable } from "../../commands/text/plainTable.ts";
import { HarnessError } from "../../errors.ts";
import { interleavedRounds } from "../../measure/schedule.ts";
import { projectRoot } from "../../plan/plugins/sources.ts";
import { Deadlines } from "../../process/deadlines.ts";
import { random } from "../../stats/random.ts";
import { largest } from "../../stats/summary.ts";
import { WorkerProcess } from "../../worker/workerProcess.ts";
import { printRatios, printSamples, type Samples } from "../comparison.ts";
import { drawLvis, lvisVal, repeatFiles, type ScoreFiles } from "./scoreData.ts";
import { installedPeers, largestDifference, takePeer } from "./scorePeers.ts";
import type { ScoreCalls, ScoreOrder, ScoreReport } from "./scoreWays.ts";

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
    peers: {
      describe: "also hotcoco, faster-coco-eval and pycocotools, those of them that a Python here has",
      type: "boolean",
    },
    python: { describe: "the Python that has them; the first on the PATH if left out", type: "string" },
    part: { describe: "of LVIS's images, to see that time grows with them", type: "number", default: 1 },
  },
  examples: [
    ["npm run perf -- score --repeat 10", "a fifth of COCO val2017's images"],
    ["npm run perf -- score --peers --python venv/bin/python", "beside other tools, on the same files in turns"],
  ],
  async run(args, console) {
    const folder = await mkdtemp(join(tmpdir(), "sam-bench-score-"));
    const files = { annotations: join(folder, "annotations.json"), detections: join(folder, "detections.json") };
    try {
      if (args.lvis) await lvis(files, args.part as number, console);
      else {
        await repeatFiles(sourcesOf(args), files, { repeat: args.repeat as number, copies: args.copies as number });
        const peers = args.peers === true ? await installedPeers(args.python as string | undefined) : [];
        await coco(files, { rounds: args.rounds as number, peers }, console);
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

interface CocoTurns {
  readonly rounds: number;
  readonly peers: Awaited<ReturnType<typeof installedPeers>>;
}

async function coco(files: ScoreFiles, { rounds, peers }: CocoTurns, console: Console): Promise<void> {
  describeFiles(files, console);
  const titles: Readonly<Record<string, string>> = {
    "with intervals": "two threads, to the twelve numbers with their intervals",
    "two threads": "two threads, to the twelve numbers",
    "one thread": "one thread, to the twelve numbers",
    plain: "plain: JSON.parse and pairs of masks, to the overlaps alone",
  };
  const tools = new Map<string, (typeof peers)[number]>(peers.map((peer) => [peer.tool, peer]));
  const ways = [...Object.keys(titles), ...tools.keys()];
  const names = (await take({ ...files, way: "two threads", rules: "coco" })).values.map(({ id }) => id);
  const reports = new Map(ways.map((way) => [way, [] as ScoreReport[]]));
  for (const { name } of interleavedRounds(ways, rounds, random(0, "perf", "score"))) {
    const peer = tools.get(name);
    const report =
      peer === undefined
        ? await take({ ...files, way: name as ScoreOrder["way"], rules: "coco" })
        : await takePeer(peer, files, names);
    reports.get(name)!.push(report);
  }
  for (const [way, own] of reports) printStages(`${titles[way] ?? way} (fastest of ${rounds})`, fastest(own), console);
  const samples = [...reports].map(([name, own]) => samplesOf(name, own));
  printSamples("", samples, 0, console);
  for (const [i, way] of samples.slice(0, 2).entries())
    for (const other of samples.slice(i + 1)) printRatios(way, other, true, console);
  const own = reports.get("two threads")![0]!;
  for (const tool of tools.keys())
    line(console, `largest difference to ${tool}: ${largestDifference(own, reports.get(tool)![0]!).toExponential(1)}`);
  printValues(own, console);
}

function samplesOf(name: string, reports: readonly ScoreReport[]): Samples {
  return {
    name,
    durationMs: reports.map((report) => 1000 * totalOf(report)),
    peakBytes: largest(reports.map(({ peakBytes }) => peakBytes)),
  };
}

async function lvis(files: ScoreFiles, part: number, console: Console): Promise<void> {
  const shape = {
    ...lvisVal,
    images: Math.round(lvisVal.images * part),
    annotations: Math.round(lvisVal.annotations * part),
  };
  await drawLvis(files, shape);
  describeFiles(files, console);
  const report = await take({ ...files, way: "with intervals", rules: "lvis" });
  printStages(`${shape.images} images, ${shape.annotations} annotations`, report, console);
  printValues(report, console);
}

/** Scores in a process of its own. */
async function take(order: ScoreOrder): Promise<ScoreReport> {
  const worker = new WorkerProcess<ScoreCalls>(order.way, {
    module: new URL("scoreWays.mjs", import.meta.url),
    nodeOptions: ["--max-old-space-size=8192"],
    deadlines: new Deadlines(),
  });
  try {
    return await worker.call("score", order);
  } finally {
    await worker.close();
  }
}

function fastest(reports: readonly ScoreReport[]): ScoreReport {
  return reports.reduce((best, each) => (totalOf(each) < totalOf(best) ? each : best));
}

function totalOf({ stages }: ScoreReport): number {
  return Object.values(stages).reduce((sum, seconds) => sum + seconds, 0);
}

function describeFiles(files: ScoreFiles, console: Console): void {
  const megabytes = (file: string) => (statSync(file).size / 1e6).toFixed(1);
  line(console, `annotations ${megabytes(files.annotations)} MB, detections ${megabytes(files.detections)} MB\n`);
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
