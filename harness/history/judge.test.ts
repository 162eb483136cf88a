import { expect, test } from "vitest";
import { ownBook } from "../protocols/index.ts";
import { columnsOf } from "./columns.ts";
import { exampleColumn, examplePrompts, exampleRecord } from "./fixtures/columns.ts";
import { judgeColumn } from "./judge.ts";

const options = { book: ownBook, plugins: [], notice: (text: string) => expect(text).toBe("") };
const accuracy = (...values: readonly number[]) => judgeColumn(exampleColumn("accuracy", values), options);
const latency = (...values: readonly number[]) => judgeColumn(exampleColumn("latency", values), options);

test("an exact figure has no noise: of six results and more each step is a change, without an interval", async () => {
  const { judged, changes } = await accuracy(0.612, 0.612, 0.612, 0.612, 0.601, 0.601, 0.601);
  expect(judged).toBe(false);
  expect(changes).toHaveLength(1);
  expect(changes[0]).toMatchObject({ at: 4, before: 0.612, after: 0.601, by: "exact" });
  expect(changes[0]!.difference.value).toBeCloseTo(-0.011);
  expect(changes[0]!.difference.low).toBeUndefined();
});

test("a step that no table would show is none: another processor rounds otherwise", async () => {
  expect(await accuracy(0.612, 0.612, 0.61204, 0.61204, 0.612, 0.612)).toMatchObject({ changes: [], open: [] });
  expect(await accuracy(0.612, 0.6121, 0.61205, 0.6123, 0.61195, 0.6121, 0.6122, 0.612)).toMatchObject({
    judged: true,
    changes: [],
  });
});

test("of few results without rows a step is open, unless the intervals of both do not overlap", async () => {
  expect(await accuracy(0.612, 0.601)).toMatchObject({ judged: false, changes: [], open: [1] });
  expect(await accuracy(0.612, 0.45)).toMatchObject({ changes: [{ at: 1, by: "intervals" }], open: [] });
  expect(await accuracy(0.612)).toMatchObject({ judged: false, changes: [], open: [] });
});

test("few latencies are not judged at all: their intervals say nothing of another day", async () => {
  expect(await latency(20, 20.5, 30)).toMatchObject({ judged: false, changes: [], open: [1, 2] });
});

test("a latency is judged as a share: the difference is a ratio, the levels are ms", async () => {
  const { changes } = await latency(20, 20.4, 19.8, 20.1, 20.3, 24.2, 23.9, 24.1, 23.7);
  expect(changes).toHaveLength(1);
  const [{ at, before, after, difference }] = changes as [NonNullable<(typeof changes)[0]>];
  expect(at).toBe(5);
  expect(before).toBeCloseTo(20.1, 1);
  expect(after).toBeCloseTo(24, 1);
  expect(difference.value).toBeCloseTo(after / before);
  expect(difference.low).toBeGreaterThan(1.1);
});

test("the noise of latencies is not below that of their own medians", async () => {
  const steady = [20, 20.001, 20.002, 20.001, 20.003, 20.002, 20.05, 20.051, 20.052, 20.05];
  // The intervals of the medians are 0.6 % either way: a step of 0.25 % is within them.
  expect(await latency(...steady)).toMatchObject({ judged: true, changes: [] });
});

test("the interval of an accuracy is not noise: the images are the same", async () => {
  const { changes } = await accuracy(0.612, 0.6132, 0.6115, 0.6127, 0.6119, 0.6015, 0.6028, 0.6011, 0.602);
  expect(changes).toMatchObject([{ at: 5, by: "series" }]);
});

test("memory has no interval and is judged as a share", async () => {
  const peaks = [200, 201, 199, 200.5, 199.5, 260, 261, 259, 260.5];
  const results = peaks.map((peak, i) => {
    const model = { load: 1e6, encode: peak * 1e6, decode: 2e6 };
    return { record: exampleRecord(i + 1, { memory: { model }, prompts: { box: examplePrompts(0.6) } }) };
  });
  const [column] = columnsOf(results, () => ["memory"]);
  expect(await judgeColumn(column!, options)).toMatchObject({ changes: [{ at: 5, by: "series" }] });
});

test("of a long history the newest results are judged, and where that begins is said", async () => {
  const { from, changes } = await latency(
    ...Array.from({ length: 170 }, (_, i) => (i < 5 ? 40 : 20) + 0.1 * Math.sin(9 * i)),
  );
  expect(from).toBe(10);
  expect(changes).toEqual([]);
});
