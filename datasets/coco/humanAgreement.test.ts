import { join } from "node:path";
import { expect, test } from "vitest";
import { readAnnotations } from "../../harness/coco/read/annotations.ts";
import { iou } from "../../harness/mask/index.ts";
import { shared } from "../../harness/shared.ts";
import { humanAgreement } from "./humanAgreement.ts";

interface Pair {
  readonly first: number;
  readonly second: number;
  readonly value: number;
}

/** Returns the pairs of an image by falling IoU, each mask in one pair at most. */
function matched(pairs: readonly Pair[]): readonly number[] {
  const firsts = new Set<number>();
  const seconds = new Set<number>();
  const kept: number[] = [];
  for (const { first, second, value } of [...pairs].sort((a, b) => b.value - a.value)) {
    if (firsts.has(first) || seconds.has(second)) continue;
    firsts.add(first);
    seconds.add(second);
    kept.push(value);
  }
  return kept;
}

test.skipIf(shared === undefined)(
  "two people's masks of one category agree as the figure says, in as many pairs",
  async () => {
    const read = (name: string) => readAnnotations(join(shared!, "realset", name), { select: (images) => images });
    const first = await read("lvis.json");
    const second = await read("lvis_rater1.json");
    const ious = second.images.flatMap(({ id }) =>
      matched(
        first.annotationsOf(id).flatMap((a) =>
          second.annotationsOf(id).flatMap((b) => {
            const value = a.category === b.category ? (iou(a.mask, b.mask) ?? 0) : 0;
            return value > 0.5 ? [{ first: a.id, second: b.id, value }] : [];
          }),
        ),
      ),
    );
    expect(second.images).toHaveLength(21);
    expect(ious).toHaveLength(humanAgreement.pairs);
    const mean = ious.reduce((sum, each) => sum + each, 0) / ious.length;
    expect(Number(mean.toFixed(3))).toBe(humanAgreement.meanIou);
  },
);
