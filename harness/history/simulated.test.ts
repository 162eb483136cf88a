import { expect, test } from "vitest";
import { ownBook } from "../protocols/index.ts";
import { type DrawnNoise, drawnNoise } from "../stats/fixtures/histories.ts";
import { integer, random } from "../stats/random.ts";
import { exampleColumn } from "./fixtures/columns.ts";
import { type Judgement, judgeColumn } from "./judge.ts";

/**
 * 200 histories of each kind are drawn, of 12 to 40 commits, and judged by the function of `bench history`. Latency is 20 ms, and one
 * run differs from the next by a noise of 2 to 4 %, drawn for each history; each median has an interval of 0.6 % either way.
 * Accuracy is 61 %, and one checkpoint differs from the next by 0.1 to 0.2 points. A change has at least 5 commits before it
 * and 5 with it; simulated.slow.test.ts goes nearer to the ends.
 */
const histories = 200;
const commits = { least: 12, most: 40 };
/** A change has so many commits on either side. */
const near = 5;

interface Kind {
  readonly name: string;
  readonly noise: DrawnNoise;
  /** The test fails where more of 200 histories have a false change, or fewer have theirs found at its commit. */
  readonly falseAlarms: number;
  readonly found: number;
}

const kinds: readonly Kind[] = [
  { name: "normal noise", noise: {}, falseAlarms: 2, found: 195 },
  { name: "noise of heavy tails (t, 3 degrees)", noise: { heavy: "t3" }, falseAlarms: 4, found: 180 },
  {
    name: "normal noise, each run like the one before (correlation 0.3)",
    noise: { alike: 0.3 },
    falseAlarms: 10,
    found: 190,
  },
];
/** Every twentieth run is 15 % slower. */
const busy: Kind = {
  name: "normal noise, 5 % of the runs 15 % slower",
  noise: { outliers: 0.05, sides: "up" },
  falseAlarms: 10,
  found: 180,
};

interface Drawn {
  readonly judgement: Judgement;
  readonly at: number;
}

async function drawnLatency({ name, noise }: Kind, history: number, slowdown: number): Promise<Drawn> {
  const stream = random(history, "drawn history", name);
  const length = commits.least + integer(stream, commits.most - commits.least + 1);
  const deviation = 0.02 + 0.02 * stream.next();
  const at = near + integer(stream, length - 2 * near + 1);
  const noises = drawnNoise(length, { ...noise, apart: Math.log(1.15) / deviation }, stream);
  const values = noises.map((each, i) => 20 * Math.exp(deviation * each) * (i < at ? 1 : slowdown));
  return { judgement: await judgeColumn(exampleColumn("latency", values), options), at };
}

async function drawnAccuracy({ name, noise }: Kind, history: number, change: number): Promise<Drawn> {
  const stream = random(history, "drawn history of accuracy", name);
  const length = commits.least + integer(stream, commits.most - commits.least + 1);
  const deviation = 0.001 + 0.001 * stream.next();
  const at = near + integer(stream, length - 2 * near + 1);
  const values = drawnNoise(length, noise, stream).map((each, i) => 0.61 + deviation * each + (i < at ? 0 : change));
  return { judgement: await judgeColumn(exampleColumn("accuracy", values), options), at };
}

const options = { book: ownBook, plugins: [], notice: (text: string) => expect(text).toBe("") };

async function countOf(draw: (history: number) => Promise<Drawn>, counts: (drawn: Drawn) => boolean): Promise<number> {
  let count = 0;
  for (let history = 0; history < histories; history++) if (counts(await draw(history))) count++;
  return count;
}

const changed = ({ judgement: { changes } }: Drawn) => changes.length > 0;
const foundAt = ({ judgement: { changes }, at }: Drawn) => changes.some((each) => each.at === at);

test.each([...kinds, busy])("latency, $name: false alarms are rare", async (kind) => {
  const count = await countOf((history) => drawnLatency(kind, history, 1), changed);
  console.info(`latency, ${kind.name}: ${count} of ${histories} histories without a change have one`);
  expect(count).toBeLessThanOrEqual(kind.falseAlarms);
});

test.each([...kinds, busy])("latency, $name: a slowdown of 20 % is found at its commit", async (kind) => {
  const count = await countOf((history) => drawnLatency(kind, history, 1.2), foundAt);
  console.info(`latency, ${kind.name}: ${count} of ${histories} slowdowns of 20 % are found at their commit`);
  expect(count).toBeGreaterThanOrEqual(kind.found);
});

test.each(kinds)(
  "accuracy, $name: false alarms are rare, and a change of one point is found at its commit",
  async (kind) => {
    const alarms = await countOf((history) => drawnAccuracy(kind, history, 0), changed);
    const found = await countOf((history) => drawnAccuracy(kind, history, -0.01), foundAt);
    console.info(`accuracy, ${kind.name}: ${alarms} false alarms, ${found} changes of a point found, of ${histories}`);
    expect(alarms).toBeLessThanOrEqual(kind.falseAlarms);
    expect(found).toBeGreaterThanOrEqual(kind.found);
  },
);

test("where results are alike by half, alarms are false in more than 5 %: the limit of the method", async () => {
  const alike: Kind = { name: "correlation 0.5", noise: { alike: 0.5 }, falseAlarms: 0, found: 0 };
  const count = await countOf((history) => drawnLatency(alike, history, 1), changed);
  console.info(`latency, ${alike.name}: ${count} of ${histories} histories without a change have one`);
  expect(count).toBeGreaterThan(10);
  expect(count).toBeLessThan(60);
});

test("a slowdown of the newest commit alone is told as one to measure again", async () => {
  const count = await countOf(
    async (history) => {
      const stream = random(history, "drawn history of a newest");
      const length = commits.least + integer(stream, commits.most - commits.least + 1);
      const deviation = 0.02 + 0.02 * stream.next();
      const values = drawnNoise(length, {}, stream).map((each) => 20 * Math.exp(deviation * each));
      const slower = values.with(-1, values.at(-1)! * 1.2);
      return { judgement: await judgeColumn(exampleColumn("latency", slower), options), at: length - 1 };
    },
    ({ judgement, at }) => judgement.newest?.at === at && judgement.changes.length === 0,
  );
  console.info(`latency, normal noise: ${count} of ${histories} slowdowns of the newest commit are told as such`);
  expect(count).toBeGreaterThanOrEqual(170);
});
