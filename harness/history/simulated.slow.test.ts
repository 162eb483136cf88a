import { expect, test } from "vitest";
import { ownBook } from "../protocols/index.ts";
import { drawnNoise } from "../stats/fixtures/histories.ts";
import { integer, random } from "../stats/random.ts";
import { exampleColumn } from "./fixtures/columns.ts";
import { judgeColumn } from "./judge.ts";

/** Many more histories than simulated.test.ts draws, so that the rates are known to a percent. */
const histories = 1000;
const options = { book: ownBook, plugins: [], notice: (text: string) => expect(text).toBe("") };

interface Slowdown {
  /** This many commits have the slowdown; where this is 0, its place is drawn with at least 5 on either side. */
  readonly behind: number;
  readonly outliers: number;
  /** Share of the slowdowns that have to be found at their commit. */
  readonly found: number;
}

test.each<Slowdown>([
  { behind: 0, outliers: 0, found: 0.97 },
  { behind: 0, outliers: 0.05, found: 0.9 },
  { behind: 4, outliers: 0, found: 0.93 },
  { behind: 3, outliers: 0, found: 0.88 },
  { behind: 2, outliers: 0, found: 0.8 },
])("20 %% at its commit, $behind commits with it, $outliers of the runs 15 %% slower", async (slowdown) => {
  let found = 0;
  for (let history = 0; history < histories; history++) {
    const stream = random(history, "slowdown near the end", slowdown.behind, slowdown.outliers);
    const length = 12 + integer(stream, 29);
    const deviation = 0.02 + 0.02 * stream.next();
    const at = slowdown.behind === 0 ? 5 + integer(stream, length - 9) : length - slowdown.behind;
    const apart = Math.log(1.15) / deviation;
    const noise = drawnNoise(length, { outliers: slowdown.outliers, apart, sides: "up" }, stream);
    const values = noise.map((each, i) => 20 * Math.exp(deviation * each) * (i < at ? 1 : 1.2));
    const { changes } = await judgeColumn(exampleColumn("latency", values), options);
    if (changes.some((each) => each.at === at)) found++;
  }
  console.info(`${JSON.stringify(slowdown)}: ${found} of ${histories}`);
  expect(found / histories).toBeGreaterThanOrEqual(slowdown.found);
});

test("a slowdown that is mended six commits later is two changes", async () => {
  let found = 0;
  for (let history = 0; history < histories; history++) {
    const stream = random(history, "mended slowdown");
    const length = 18 + integer(stream, 23);
    const at = 5 + integer(stream, length - 16);
    const values = drawnNoise(length, {}, stream).map(
      (each, i) => 20 * Math.exp(0.03 * each) * (i >= at && i < at + 6 ? 1.2 : 1),
    );
    const { changes } = await judgeColumn(exampleColumn("latency", values), options);
    if ([at, at + 6].every((place) => changes.some((each) => each.at === place))) found++;
  }
  console.info(`mended slowdown: ${found} of ${histories}`);
  expect(found / histories).toBeGreaterThanOrEqual(0.9);
});
