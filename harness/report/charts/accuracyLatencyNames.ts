import { type Box, type LabelPlace, overlap, placeLabels } from "./labels.ts";
import type { PlotFrame } from "./plotFrame.ts";
import { textWidthPx } from "./textSize.ts";

/** A variant in the chart of accuracy against latency, in ms and percent. */
export interface Place {
  readonly variant: string;
  readonly ms: number;
  readonly q1: number;
  readonly q3: number;
  readonly accuracy: number;
  readonly low: number;
  readonly high: number;
  readonly front: boolean;
}

/** A line across the chart for a variant that has an accuracy and no latency. */
export interface Floor {
  readonly name: string;
  readonly accuracy: number;
}

/** Name of a variant with its place in the units of the axes. */
export interface PlacedName {
  readonly variant: string;
  readonly ms: number;
  readonly accuracy: number;
  readonly labelMs: number;
  readonly labelAccuracy: number;
  readonly align: LabelPlace["align"];
  /** Tells whether a line leads from the mark to the name. */
  readonly leads: boolean;
}

/** Name of a floor: `dx` is its distance in px from the end of the line that it stands at. */
export interface PlacedFloor extends Floor {
  readonly align: "left" | "right";
  readonly x: number;
  readonly dx: number;
}

interface NameSize {
  readonly fontSize: number;
  /** Half the side of a mark. */
  readonly radius: number;
  readonly farthest: number;
}

interface Named {
  readonly names: readonly PlacedName[];
  readonly floors: readonly PlacedFloor[];
}

/** Finds places for the names of floors, then for those of variants in their order; names without room are left out. */
export function placeNames(
  { places, floors }: { readonly places: readonly Place[]; readonly floors: readonly Floor[] },
  frame: PlotFrame,
  { fontSize, radius, farthest }: NameSize,
): Named {
  const marks = places.map(({ variant, ms, accuracy }) => ({
    text: variant,
    x: frame.x.px(ms),
    y: frame.y.px(accuracy),
  }));
  const boxes = marks.map(({ x, y }) => ({ x0: x - radius, x1: x + radius, y0: y - radius, y1: y + radius }));
  const placed = floors.map((floor) => placeFloor(floor, boxes, { frame, fontSize }));
  const labels = placeLabels(marks, {
    width: frame.width,
    height: frame.height,
    fontSize,
    markRadius: radius,
    farthest,
    taken: placed.map(({ box }) => box),
    crossed: [...places.flatMap((place) => barBoxes(place, frame)), ...floors.map((floor) => lineBox(floor, frame))],
  });
  const names = labels.flatMap((label, i) => (label === undefined ? [] : [nameOf(places[i]!, label, frame)]));
  return { names, floors: placed.map(({ floor }) => floor) };
}

function nameOf({ variant, ms, accuracy }: Place, { x, y, align, leads }: LabelPlace, frame: PlotFrame): PlacedName {
  return { variant, ms, accuracy, labelMs: frame.x.value(x), labelAccuracy: frame.y.value(y), align, leads };
}

/** The name of a floor begins so many px from the plot's edge, and its lower edge lies so many above the line. */
export const floorName = { aside: 6, above: 3 };

/** Places the name of a floor at the left end of its line, or at the right end where marks lie in the way. */
function placeFloor(
  { name, accuracy }: Floor,
  marks: readonly Box[],
  { frame, fontSize }: { readonly frame: PlotFrame; readonly fontSize: number },
): { readonly floor: PlacedFloor; readonly box: Box } {
  const { aside, above } = floorName;
  const y1 = frame.y.px(accuracy);
  const y0 = y1 - above - 1.2 * fontSize;
  const wide = textWidthPx(name, fontSize);
  const far = frame.width - aside;
  const left = {
    floor: { name, accuracy, align: "left", x: 0, dx: aside },
    box: { x0: aside, x1: aside + wide, y0, y1 },
  } as const;
  const right = {
    floor: { name, accuracy, align: "right", x: frame.width, dx: -aside },
    box: { x0: far - wide, x1: far, y0, y1 },
  } as const;
  return [left, right].find(({ box }) => marks.every((mark) => !overlap(mark, box))) ?? left;
}

/** Returns the boxes of the two bars of a place, one px wide. */
function barBoxes({ ms, q1, q3, accuracy, low, high }: Place, { x, y }: PlotFrame): readonly Box[] {
  return [
    { x0: x.px(ms) - 0.5, x1: x.px(ms) + 0.5, y0: y.px(high), y1: y.px(low) },
    { x0: x.px(q1), x1: x.px(q3), y0: y.px(accuracy) - 0.5, y1: y.px(accuracy) + 0.5 },
  ];
}

function lineBox({ accuracy }: Floor, { y, width }: PlotFrame): Box {
  return { x0: 0, x1: width, y0: y.px(accuracy) - 1, y1: y.px(accuracy) + 1 };
}
