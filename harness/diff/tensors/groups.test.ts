import { expect, test } from "vitest";
import { graphOf } from "../fixtures/tensorsOf.ts";
import { groupsOf, nextGroup } from "./groups.ts";
import type { TensorPair } from "./matching.ts";

/** Pairs of so many float32 values each. */
function pairsOf(...lengths: readonly number[]): readonly TensorPair[] {
  const nodes = lengths.map((length, i) => {
    return { output: `t${i}`, operator: "Add", inputs: [], samples: new Array<number>(length).fill(1) };
  });
  return graphOf(nodes).tensors.map((tensor) => ({ a: tensor, b: tensor, by: "name" }));
}

test("a group ends where the next pair would not fit, and the order stays", () => {
  const { group, rest } = nextGroup(pairsOf(10, 20, 10, 5), () => 140);
  expect([group, rest].map((pairs) => pairs.map(({ a }) => a.elements))).toEqual([
    [10, 20],
    [10, 5],
  ]);
  expect(groupsOf(pairsOf(10, 20, 10, 5), () => 140)).toBe(2);
});

test("the room shrinks with the largest pair of the group", () => {
  const room = ({ a }: TensorPair) => 200 - 4 * a.elements;
  // 10 and 10 leave 160 bytes for 80; with 25 among them 100 are left for 180.
  expect(nextGroup(pairsOf(10, 10, 25), room).group.length).toBe(2);
});

test("a pair that fits nowhere ends the groups before it", () => {
  expect(nextGroup(pairsOf(100), () => 40).group).toEqual([]);
  expect(groupsOf(pairsOf(5, 100, 5), () => 40)).toBe(1);
});
