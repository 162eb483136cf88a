import type { ImageId } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { sha256 } from "../store/canonical.ts";

/** A shard is one of `count` parts of a run's images; `index` counts from 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** Reads a shard such as `2/3`. Throws HarnessError for anything else. */
export function parseShard(text: string): Shard {
  const [, index, count] = (/^(\d+)\/(\d+)$/.exec(text.trim()) ?? []).map(Number);
  if (index !== undefined && count !== undefined && index >= 1 && index <= count) return { index, count };
  throw new HarnessError("--shard: not a part of a run", { found: text, expected: "1/3, 2/3 or 3/3 for three parts" });
}

/**
 * Returns the shard's images, in the order they came. Ids are ordered by a hash and dealt out like cards: shards differ by one
 * image at most, and no shard gets what neighbouring ids share (one camera, one split). Throws HarnessError where there are
 * fewer images than shards.
 */
export function imagesOfShard(images: readonly ImageId[], { index, count }: Shard): readonly ImageId[] {
  if (count > images.length)
    throw new HarnessError(`--shard ${index}/${count}: more shards than images`, {
      found: count,
      expected: `at most ${images.length}`,
    });
  const keys = new Map(images.map((image) => [image, sha256(`image ${image}`)]));
  const order = [...images].sort((a, b) => (keys.get(a)! < keys.get(b)! ? -1 : 1));
  const own = new Set(order.filter((_, place) => place % count === index - 1));
  return images.filter((image) => own.has(image));
}
