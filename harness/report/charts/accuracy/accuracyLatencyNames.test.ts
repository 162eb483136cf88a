import { expect, test } from "vitest";
import { random } from "../../../stats/random.ts";
import { type Box, overlap } from "../drawing/labels.ts";
import { linearScale, logScale, type PlotFrame } from "../drawing/plotFrame.ts";
import { textWidthPx } from "../drawing/textSize.ts";
import { floorName, type Place, placeNames } from "./accuracyLatencyNames.ts";

const size = { fontSize: 10.5, radius: 5.5, farthest: 44 };
const floors = [{ name: "floor: filled box / disc", accuracy: 14 }];

/** Variants whose accuracies lie about the floor's, as those of one point do. */
function placesAbout(seed: number): readonly Place[] {
  const draw = random(seed, "places");
  return Array.from({ length: 12 }, (_, i) => {
    const ms = 25 * 2 ** (1.2 * draw.next());
    const accuracy = 14 + 3 * (draw.next() - 0.5);
    const bars = { q1: 0.95 * ms, q3: 1.05 * ms, low: accuracy - 1, high: accuracy + 1 };
    return { variant: `method-${i}/sam-nano`, ms, accuracy, ...bars, front: false };
  });
}

function frameOf(places: readonly Place[]): PlotFrame {
  const width = 306;
  const height = 290;
  const x = logScale({ values: places.flatMap(({ q1, q3 }) => [q1, q3]), length: width, padding: 18 });
  const y = linearScale({ values: places.flatMap(({ low, high }) => [low, high]), length: height, padding: 20 });
  return { width, height, x, y };
}

test("the name of a floor lies in the plot, over no mark and over no name, however marks lie about its line", () => {
  for (let seed = 0; seed < 40; seed++) {
    const places = placesAbout(seed);
    const frame = frameOf(places);
    const named = placeNames({ places, floors }, frame, size);
    const [floor] = named.floors as [(typeof named.floors)[number]];
    const line = frame.y.px(floor.accuracy);
    const high = size.fontSize;
    const y0 = floor.side === "above" ? line - floorName.off - high : line + floorName.off;
    const box: Box = { x0: floor.x, x1: floor.x + textWidthPx(floor.name, size.fontSize), y0, y1: y0 + high };
    expect([seed, box.x0 >= 0 && box.x1 <= frame.width && box.y0 >= 0 && box.y1 <= frame.height]).toEqual([seed, true]);
    for (const { ms, accuracy } of places) {
      const [x, y] = [frame.x.px(ms), frame.y.px(accuracy)];
      const { radius } = size;
      expect([seed, overlap(box, { x0: x - radius, x1: x + radius, y0: y - radius, y1: y + radius })]).toEqual([
        seed,
        false,
      ]);
    }
    for (const { variant, labelMs, labelAccuracy, align } of named.names) {
      const [x, y] = [frame.x.px(labelMs), frame.y.px(labelAccuracy)];
      const wide = textWidthPx(variant, size.fontSize);
      const x0 = align === "left" ? x : align === "right" ? x - wide : x - wide / 2;
      expect([seed, variant, overlap(box, { x0, x1: x0 + wide, y0: y - 5, y1: y + 5 })]).toEqual([
        seed,
        variant,
        false,
      ]);
    }
  }
});

test("without marks in the way the name of a floor stands above the left end of its line", () => {
  const places = placesAbout(1).map((place) => ({ ...place, accuracy: 30, low: 29, high: 31 }));
  const frame = frameOf([...places, { ...places[0]!, low: 10 }]);
  expect(placeNames({ places, floors }, frame, size).floors).toEqual([
    { ...floors[0], x: floorName.aside, side: "above" },
  ]);
});
