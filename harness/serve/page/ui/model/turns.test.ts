import { expect, test } from "vitest";
import { Turns } from "./turns.ts";

/** Takes turns of works that end when they are told to, and writes down which of them have begun. */
function begunOn(cores: number, threads: readonly number[]) {
  const turns = new Turns(cores);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  for (const [i, own] of threads.entries())
    void turns.take(own, () => {
      begun.push(i);
      return new Promise<void>((resolve) => {
        ends[i] = resolve;
      });
    });
  const end = (i: number) => ends[i]!();
  return { begun, end };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 1));

test("models with a core each compute at once, and with all cores each by turns", async () => {
  const apart = begunOn(2, [1, 1]);
  await settled();
  expect(apart.begun).toEqual([0, 1]);
  const shared = begunOn(2, [2, 2]);
  await settled();
  expect(shared.begun).toEqual([0]);
  shared.end(0);
  await settled();
  expect(shared.begun).toEqual([0, 1]);
});

test("more threads than cores are all the cores, and what waits longest comes first", async () => {
  const { begun, end } = begunOn(2, [1, 8, 1]);
  await settled();
  expect(begun).toEqual([0]);
  end(0);
  await settled();
  expect(begun).toEqual([0, 1]);
  end(1);
  await settled();
  expect(begun).toEqual([0, 1, 2]);
});

test("work that fails gives its threads back", async () => {
  const turns = new Turns(1);
  await expect(turns.take(1, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await turns.take(1, async () => "done")).toBe("done");
});
