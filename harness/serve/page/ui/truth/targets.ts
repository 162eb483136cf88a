import { z } from "zod";
import type { Size } from "../../../../api.ts";
import { checked } from "../../../../foreign.ts";
import { areaOf, parseCounts } from "../../../../mask/index.ts";
import { visible } from "../../../../visible.ts";
import type { ServedTarget } from "../../contract.ts";
import type { Place } from "../prompt/edit.ts";
import type { PhotoTarget } from "../session.ts";

const schema: z.ZodType<readonly ServedTarget[]> = z.array(
  z.object({
    id: z.string(),
    category: z.string().optional(),
    box: z.object({ x0: z.number(), y0: z.number(), x1: z.number(), y1: z.number() }),
    counts: z.string(),
  }),
);

/** Reads the targets of a photo, the largest first. Throws HarnessError where they are not as the contract says. */
export function targetsIn(json: unknown, size: Size, place: string): readonly PhotoTarget[] {
  const targets = checked(schema, json, place).map(({ id, category, counts }) => {
    const mask = parseCounts(counts, size, `${place}: target ${id}`);
    return { id, category: visible(category ?? `target ${id}`), mask, areaPx: areaOf(mask) };
  });
  return targets.sort((a, b) => b.areaPx - a.areaPx);
}

/** Returns the smallest target that holds the place: what lies on something larger is meant. */
export function targetAt(targets: readonly PhotoTarget[], { x, y }: Place): PhotoTarget | undefined {
  return targets.findLast((target) => holds(target, Math.floor(x), Math.floor(y)));
}

function holds({ mask: { size, counts } }: PhotoTarget, x: number, y: number): boolean {
  if (x < 0 || x >= size.width || y < 0 || y >= size.height) return false;
  const pixel = x * size.height + y;
  let end = 0;
  for (let i = 0; i < counts.length; i++) {
    end += counts[i]!;
    if (pixel < end) return i % 2 === 1;
  }
  return false;
}
