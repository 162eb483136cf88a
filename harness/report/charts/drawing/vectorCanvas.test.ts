import { expect, test } from "vitest";
import { type VectorPage, vectorCanvas } from "./vectorCanvas.ts";

/** A page that remembers what is painted on it. */
function page() {
  const painted: unknown[][] = [];
  const remember =
    (name: string) =>
    (...what: readonly unknown[]) => {
      painted.push([name, ...what]);
    };
  const names = ["save", "restore", "clip", "fill", "stroke", "fillText", "strokeText"] as const;
  return { painted, page: Object.fromEntries(names.map((name) => [name, remember(name)])) as unknown as VectorPage };
}

test("a path lies where the origin was at its beginning, though the origin moves back before it is painted", () => {
  const { painted, page: own } = page();
  const canvas = vectorCanvas(own);
  canvas.translate(10, 20);
  canvas.translate(1, 2);
  canvas.beginPath();
  canvas.moveTo(0, 0);
  canvas.lineTo(3, 4);
  canvas.closePath();
  canvas.translate(-1, -2);
  canvas.fillStyle = "#0072b2";
  canvas.globalAlpha = 0.5;
  canvas.fill();
  expect(painted).toEqual([
    ["fill", { path: "M0 0L3 4Z", matrix: [1, 0, 0, 1, 11, 22] }, { colour: "#0072b2", opacity: 0.5 }],
  ]);
});

test("a turn about a point that was moved to, and the way back by restore", () => {
  const { painted, page: own } = page();
  const canvas = vectorCanvas(own);
  canvas.font = "normal 12px Helvetica, Arial";
  canvas.save();
  canvas.translate(5, 7);
  canvas.rotate(-Math.PI / 2);
  canvas.fillText("up", 1, 2);
  canvas.restore();
  canvas.font = "bold 14.5px Helvetica";
  canvas.textAlign = "center";
  canvas.fillText("flat", 1, 2);
  const [, up, , flat] = painted as [unknown[], [string, { matrix: number[] }], unknown[], unknown[]];
  // One to the right becomes one up, and two down become two to the right.
  const [a, b, c, d, e, f] = up[1].matrix as [number, number, number, number, number, number];
  expect([a * 1 + c * 2 + e, b * 1 + d * 2 + f]).toEqual([expect.closeTo(7), expect.closeTo(6)]);
  expect(flat[1]).toMatchObject({ text: "flat", align: "center", sizePx: 14.5, weight: "bold" });
  expect(flat[1]).toMatchObject({ matrix: [1, 0, 0, 1, 0, 0] });
});

test("a circle is two half arcs from its right side back to it", () => {
  const { painted, page: own } = page();
  const canvas = vectorCanvas(own);
  canvas.beginPath();
  canvas.moveTo(2, 0);
  canvas.arc(0, 0, 2, 0, 2 * Math.PI);
  canvas.setLineDash([5, 4]);
  canvas.stroke();
  const [[, { path }, paint]] = painted as [[string, { path: string }, object]];
  const numbers = [...path.matchAll(/A2 2 0 0 1 (\S+?) ([^AL]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
  expect(numbers).toEqual([
    [expect.closeTo(-2), expect.closeTo(0)],
    [expect.closeTo(2), expect.closeTo(0)],
  ]);
  expect(paint).toMatchObject({ dash: [5, 4], width: 1 });
});
