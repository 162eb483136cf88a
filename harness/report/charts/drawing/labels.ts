import { textWidthPx } from "./textSize.ts";

/** Rectangle in px, from the plot's upper left corner. */
export interface Box {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

/** Mark that wants a label. */
export interface LabelledMark {
  readonly text: string;
  readonly x: number;
  readonly y: number;
}

/** Place of a label: the anchor of its text, which is drawn with the middle of its line there. */
export interface LabelPlace {
  readonly x: number;
  readonly y: number;
  readonly align: "left" | "center" | "right";
  /** Tells whether a line has to lead from the mark to the label. */
  readonly leads: boolean;
  readonly box: Box;
}

export interface LabelRoom {
  readonly width: number;
  readonly height: number;
  readonly fontSize: number;
  /** Half the side of a mark. */
  readonly markRadius: number;
  /** No label is farther from its mark, in px: what is farther is hardly found. */
  readonly farthest: number;
  /** What a label must not lie over, besides the marks and the other labels. */
  readonly taken?: readonly Box[];
  /** What a label had better not lie over, such as the bars of intervals. */
  readonly crossed?: readonly Box[];
}

/** Directions from a mark in which its label is tried, the most readable one first. */
const directions = [
  { dx: 1, dy: 0, align: "left" },
  { dx: 1, dy: -0.75, align: "left" },
  { dx: 1, dy: 0.75, align: "left" },
  { dx: -1, dy: 0, align: "right" },
  { dx: -1, dy: -0.75, align: "right" },
  { dx: -1, dy: 0.75, align: "right" },
  { dx: 0, dy: -1, align: "center" },
  { dx: 0, dy: 1, align: "center" },
] as const;

/** Distances from a mark in px; from the second on, a line leads from the mark to its label. */
const distances = [11, 26, 44, 66] as const;

/** Costs of a place, in steps of the list of directions. */
const costs = { distance: 6, crossed: 1.5 };

/**
 * Finds a place for the label of each mark, in the order of the marks: inside the plot, over no mark and over no other label.
 * A mark whose label has no such place has none; the legend has its name.
 */
export function placeLabels(marks: readonly LabelledMark[], room: LabelRoom): readonly (LabelPlace | undefined)[] {
  const taken = [...(room.taken ?? []), ...marks.map(({ x, y }) => around(x, y, room.markRadius))];
  const leaders: Box[] = [];
  return marks.map((mark) => {
    const free = candidatesOf(mark, room).filter(({ place }) => taken.every((box) => !overlap(place.box, box)));
    const costed = free.map(({ place, cost }) => {
      const crossings = [...(room.crossed ?? []), ...leaders].filter((box) => overlap(place.box, box)).length;
      return { place, cost: cost + costs.crossed * crossings };
    });
    const best = costed.reduce<(typeof costed)[number] | undefined>(
      (found, each) => (found === undefined || each.cost < found.cost ? each : found),
      undefined,
    );
    if (best === undefined) return undefined;
    taken.push(best.place.box);
    if (best.place.leads) leaders.push(between(mark, best.place));
    return best.place;
  });
}

function candidatesOf(
  { text, x, y }: LabelledMark,
  { width, height, fontSize, farthest }: LabelRoom,
): readonly { readonly place: LabelPlace; readonly cost: number }[] {
  const wide = textWidthPx(text, fontSize);
  const half = 0.6 * fontSize;
  return distances
    .filter((distance) => distance <= farthest)
    .flatMap((distance, ring) =>
      directions.flatMap(({ dx, dy, align }, step) => {
        const at = { x: x + dx * distance, y: y + dy * distance };
        const x0 = align === "left" ? at.x : align === "right" ? at.x - wide : at.x - wide / 2;
        const box = { x0, x1: x0 + wide, y0: at.y - half, y1: at.y + half };
        if (box.x0 < 0 || box.y0 < 0 || box.x1 > width || box.y1 > height) return [];
        return [{ place: { ...at, align, leads: ring > 0, box }, cost: costs.distance * ring + step }];
      }),
    );
}

function around(x: number, y: number, radius: number): Box {
  return { x0: x - radius, y0: y - radius, x1: x + radius, y1: y + radius };
}

function between(a: { readonly x: number; readonly y: number }, b: { readonly x: number; readonly y: number }): Box {
  return { x0: Math.min(a.x, b.x), x1: Math.max(a.x, b.x), y0: Math.min(a.y, b.y), y1: Math.max(a.y, b.y) };
}

export function overlap(a: Box, b: Box): boolean {
  return a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 && b.y0 < a.y1;
}
