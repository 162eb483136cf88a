import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { summarizer } from "../../coco/index.ts";
import { type Command, type Console, line } from "../../commands/terminal/command.ts";
import { plainTable } from "../../commands/text/plainTable.ts";
import { HarnessError, unknown } from "../../errors.ts";
import { type Estimate, type Interval, pairedIntervals } from "../../stats/intervals.ts";
import { weightedMean } from "../../stats/means.ts";
import { mean, standardDeviation } from "../../stats/summary.ts";
import { cocoLike, type DrawnSet, drawSet, type Generator, lvisLike, type World, worldOf } from "./coverageData.ts";

interface Situation {
  readonly generator: Generator;
  readonly images: number;
  /** This many sets are drawn unless `--sets` says otherwise: what a few minutes allow. */
  readonly sets: number;
}

const situations: Readonly<Record<string, Situation>> = {
  "coco-5": { generator: cocoLike, images: 5, sets: 1000 },
  "coco-10": { generator: cocoLike, images: 10, sets: 1000 },
  "coco-24": { generator: cocoLike, images: 24, sets: 500 },
  "coco-100": { generator: cocoLike, images: 100, sets: 300 },
  "coco-200": { generator: cocoLike, images: 200, sets: 200 },
  "coco-5000": { generator: cocoLike, images: 5000, sets: 50 },
  "lvis-5000": { generator: lvisLike, images: 5000, sets: 40 },
};

export const coverage: Command = {
  name: "coverage",
  describe: "How often a 95 % interval holds the mean of sets drawn anew: AP, AR, mIoU, and differences of two models",
  arguments: [],
  options: {
    of: { describe: `of ${Object.keys(situations).join(", ")}; all without it`, type: "string", list: true },
    sets: { describe: "drawn of each; by situation without it", type: "number" },
    out: { describe: "file that keeps each set's intervals, so that the next call goes on from there", type: "string" },
  },
  examples: [["npm run perf -- coverage --of coco-24 --sets 200", "24 images of about 8 targets, drawn 200 times"]],
  async run(args, console) {
    const names = (args.of as string[] | undefined) ?? Object.keys(situations);
    const drawn = openSets(args.out as string | undefined);
    for (const name of names) {
      const situation = situations[name];
      if (situation === undefined) throw unknown("situation", name, Object.keys(situations));
      const count = (args.sets as number | undefined) ?? situation.sets;
      if (!(count >= 2)) throw new HarnessError("--sets: too few to have a mean", { found: count, expected: ">= 2" });
      const { images } = situation;
      const world = worldOf(situation.generator);
      const sets = Array.from({ length: count }, (_, set) => {
        return drawn.at(name, set) ?? drawn.add(name, set, intervalsOfSet(world, images, set));
      });
      printCoverage(name, situation, sets, console);
    }
    return 0;
  },
};

/** Record of one set: it holds an interval for each figure of A, and with a Δ for each difference, B less A. */
type SetIntervals = Readonly<Record<string, Interval>>;

interface SetLine {
  readonly situation: string;
  readonly set: number;
  readonly intervals: SetIntervals;
}

/** Opens the file of intervals from sets that were drawn before: it has a line for each set. */
function openSets(file: string | undefined) {
  const lines = file !== undefined && existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [];
  const known = new Map(
    lines.map((text) => {
      const { situation, set, intervals } = JSON.parse(text) as SetLine;
      return [`${situation} ${set}`, intervals];
    }),
  );
  return {
    at: (situation: string, set: number): SetIntervals | undefined => known.get(`${situation} ${set}`),
    add(situation: string, set: number, intervals: SetIntervals): SetIntervals {
      if (file !== undefined) appendFileSync(file, `${JSON.stringify({ situation, set, intervals })}\n`);
      return intervals;
    },
  };
}

const figures = ["AP", "AP50", "AR-cat@100", "AR@1000", "mIoU"] as const;

function intervalsOfSet(world: World, images: number, set: number): SetIntervals {
  const drawn = drawSet(world, images, set);
  const a = estimatesOf(drawn, 0, world);
  const b = estimatesOf(drawn, 1, world);
  const found = pairedIntervals(a, b, drawn.images, { seed: set });
  return Object.fromEntries(
    figures.flatMap((figure, i) => {
      const { a: own, difference } = found[i]!;
      return [
        [figure, own],
        [`Δ ${figure}`, difference],
      ];
    }),
  );
}

/** Returns the figures of one model in the order of `figures`, as a function of the images' weights. */
function estimatesOf({ matches, reached, ious, images }: DrawnSet, model: 0 | 1, { categories }: World) {
  const names = Array.from({ length: categories }, (_, k) => ({ id: k + 1, name: `${k + 1}` }));
  const { values } = summarizer(matches[model], names);
  return ({ counts }: { readonly counts: Uint32Array }): readonly Estimate[] => {
    const byId = new Map(values(counts).map((value) => [value.id, value]));
    const weights = { images, counts };
    return [
      byId.get("AP")!,
      byId.get("AP50")!,
      byId.get("AR-cat@100")!,
      weightedMean(reached[model], weights),
      weightedMean(ious[model], weights),
    ];
  };
}

function printCoverage(name: string, { images }: Situation, sets: readonly SetIntervals[], console: Console): void {
  const rows = Object.keys(sets[0]!)
    .sort((a, b) => Number(a.startsWith("Δ")) - Number(b.startsWith("Δ")))
    .map((figure) =>
      rowOf(
        figure,
        sets.map((set) => set[figure]!),
      ),
    );
  const header = [name, "mean %", "deviation", "half width", "intervals", "coverage %", "± (Monte Carlo)"];
  line(console, plainTable(header, rows));
  line(console, `${images} images, drawn ${sets.length} times\n`);
}

/** Returns a row of the table: the share of intervals that hold the mean of all sets, ± two deviations of its binomial error. */
function rowOf(figure: string, intervals: readonly Interval[]): readonly string[] {
  const values = intervals.map(({ value }) => value);
  const truth = mean(values);
  const bounded = intervals.flatMap(({ low, high }) =>
    low === undefined || high === undefined ? [] : [{ low, high }],
  );
  const share = bounded.filter(({ low, high }) => low <= truth && truth <= high).length / bounded.length;
  const error = 2 * Math.sqrt((share * (1 - share)) / bounded.length);
  const half = bounded.length === 0 ? Number.NaN : mean(bounded.map(({ low, high }) => (high - low) / 2));
  return [
    figure,
    ...[truth, standardDeviation(values), half].map((each) => (100 * each).toFixed(2)),
    String(bounded.length),
    ...[share, error].map((each) => (100 * each).toFixed(1)),
  ];
}
