import { type Box, type LabelPlace, overlap, placeLabels } from "../drawing/labels.ts";
import type { PlotFrame } from "../drawing/plotFrame.ts";
import { textWidthPx } from "../drawing/textSize.ts";

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

/** Name of a floor: it begins at `x`, in px, and stands above its line or below it. */
export interface PlacedFloor extends Floor {
  readonly x: number;
  readonly side: "above" | "below";
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
  const bars = places.flatMap((place) => barBoxes(place, frame));
  const placed: FloorPlace[] = [];
  for (const floor of floors) {
    const taken = [...boxes, ...placed.map(({ box }) => box)];
    placed.push(placeFloor(floor, { taken, crossed: bars }, { frame, fontSize }));
  }
  const labels = placeLabels(marks, {
    width: frame.width,
    height: frame.height,
    fontSize,
    markRadius: radius,
    farthest,
    taken: placed.map(({ box }) => box),
    crossed: [...bars, ...floors.map((floor) => lineBox(floor, frame))],
  });
  const names = labels.flatMap((label, i) => (label === undefined ? [] : [nameOf(places[i]!, label, frame)]));
  return { names, floors: placed.map(({ floor }) => floor) };
}

function nameOf({ variant, ms, accuracy }: Place, { x, y, align, leads }: LabelPlace, frame: PlotFrame): PlacedName {
  return { variant, ms, accuracy, labelMs: frame.x.value(x), labelAccuracy: frame.y.value(y), align, leads };
}

/** The name of a floor keeps so many px off the plot's sides, and off its line. */
export const floorName = { aside: 6, off: 3 };

/** Number of places along its line that the name of a floor is tried at. */
const floorPlaces = 24;

/** Costs of what the name of a floor lies over: a mark is hidden by it, a bar only crossed; below its line it reads worse. */
const floorCosts = { taken: 100, crossed: 4, below: 3, step: 0.1 };

interface FloorPlace {
  readonly floor: PlacedFloor;
  readonly box: Box;
}

interface FloorRoom {
  readonly taken: readonly Box[];
  readonly crossed: readonly Box[];
}

/** Places the name of a floor along its line, from the left end on, where it lies over no mark and over the fewest bars. */
function placeFloor(
  { name, accuracy }: Floor,
  { taken, crossed }: FloorRoom,
  { frame, fontSize }: { readonly frame: PlotFrame; readonly fontSize: number },
): FloorPlace {
  const line = frame.y.px(accuracy);
  const wide = textWidthPx(name, fontSize);
  const high = 1.2 * fontSize;
  const last = Math.max(floorName.aside, frame.width - floorName.aside - wide);
  const costed = (["above", "below"] as const).flatMap((side) => {
    const y0 = side === "above" ? line - floorName.off - high : line + floorName.off;
    if (y0 < 0 || y0 + high > frame.height) return [];
    return Array.from({ length: floorPlaces }, (_, step) => {
      const x = floorName.aside + (step / (floorPlaces - 1)) * (last - floorName.aside);
      const box = { x0: x, x1: x + wide, y0, y1: y0 + high };
      const over = (boxes: readonly Box[]) => boxes.filter((each) => overlap(each, box)).length;
      const cost =
        floorCosts.taken * over(taken) +
        floorCosts.crossed * over(crossed) +
        floorCosts.step * step +
        (side === "below" ? floorCosts.below : 0);
      return { place: { floor: { name, accuracy, x, side }, box }, cost };
    });
  });
  return costed.reduce((best, each) => (each.cost < best.cost ? each : best)).place;
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
