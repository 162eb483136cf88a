import fc from "fast-check";
import { expect, test } from "vitest";
import { heldView, mostZoom, onCanvas, placeUnder, projectionOf, steppedView, viewWith, wholePhoto } from "./view.ts";

const photo = { height: 480, width: 640 };
const middle = { x: 0.5, y: 0.5 };

const share = fc.double({ min: 0, max: 1, noNaN: true });
const places = fc.record({ x: share, y: share });
const zooms = fc.double({ min: 0.01, max: 1000, noNaN: true });

test("a place of the canvas stands over the same place of the photo, whichever way it is computed", () => {
  fc.assert(
    fc.property(places, places, zooms, (at, under, zoom) => {
      const view = heldView(photo, { at: { x: at.x * photo.width, y: at.y * photo.height }, under }, zoom);
      const canvas = { height: 600, width: 800 };
      const { x, y } = onCanvas(projectionOf(canvas, photo, view), placeUnder(view, photo, under));
      expect(x).toBeCloseTo(under.x * canvas.width, 6);
      expect(y).toBeCloseTo(under.y * canvas.height, 6);
    }),
  );
});

test("what a hand holds stays under it as long as the photo's edges let it, and no view shows anything beside the photo", () => {
  fc.assert(
    fc.property(places, places, zooms, (at, under, zoom) => {
      const held = { x: at.x * photo.width, y: at.y * photo.height };
      const { corner, zoom: own } = heldView(photo, { at: held, under }, zoom);
      expect(own).toBe(Math.min(Math.max(zoom, 1), mostZoom(photo)));
      for (const [axis, side] of [
        ["x", photo.width],
        ["y", photo.height],
      ] as const) {
        const wanted = held[axis] - (under[axis] * side) / own;
        expect(corner[axis]).toBeCloseTo(Math.min(Math.max(wanted, 0), side - side / own), 9);
      }
    }),
  );
});

test("steps nearer and back again show the photo as before, about the cross where it is seen", () => {
  const at = { x: 100.5, y: 100.5 };
  const near = steppedView(steppedView(wholePhoto, photo, { to: "nearer", at }), photo, { to: "nearer", at });
  expect(near.zoom).toBe(2.25);
  expect(placeUnder(near, photo, { x: at.x / photo.width, y: at.y / photo.height })).toEqual({
    x: expect.closeTo(at.x, 9),
    y: expect.closeTo(at.y, 9),
  });
  const back = steppedView(steppedView(near, photo, { to: "further", at }), photo, { to: "further", at });
  expect(back).toEqual(wholePhoto);
});

test("a step about a cross that is out of sight goes by the middle", () => {
  const right = heldView(photo, { at: { x: 600, y: 240 }, under: middle }, 4);
  const { x, y } = placeUnder(steppedView(right, photo, { to: "nearer", at: { x: 10, y: 10 } }), photo, middle);
  expect([x, y]).toEqual([expect.closeTo(560, 9), expect.closeTo(240, 9)]);
});

test("a pixel that leaves the view takes it along, by no more than it needs", () => {
  const view = heldView(photo, { at: { x: 320, y: 240 }, under: middle }, 8);
  expect(view.corner).toEqual({ x: 280, y: 210 });
  expect(viewWith(view, photo, { x: 300, y: 220 })).toEqual(view);
  expect(viewWith(view, photo, { x: 360, y: 209 }).corner).toEqual({ x: 281, y: 209 });
  expect(viewWith(view, photo, { x: 639, y: 479 }).corner).toEqual({ x: 560, y: 420 });
});

test("the nearest view shows sixteen pixels, and a photo of fewer is shown whole", () => {
  expect(heldView(photo, { at: { x: 0, y: 0 }, under: middle }, 1e6)).toEqual({ corner: { x: 0, y: 0 }, zoom: 40 });
  expect(mostZoom({ height: 3, width: 10 })).toBe(1);
});
