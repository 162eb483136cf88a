import type { Random } from "../../harness/api.ts";
import { between, count, onCircle } from "./draw.ts";

/** A closed line [x, y, x, y, …]. It is in a unit frame (about -1 … 1, y down) until it is placed. */
export type Contour = readonly number[];

/** Says where and how large a unit outline stands in the image. */
export interface Placement {
  readonly x: number;
  readonly y: number;
  readonly radiusPx: number;
  /** Fraction of a full turn. */
  readonly turn: number;
}

export function place(contours: readonly Contour[], { x, y, radiusPx, turn }: Placement): Contour[] {
  const axis = onCircle(turn);
  return contours.map((contour) => {
    const placed: number[] = [];
    for (let i = 0; i < contour.length; i += 2) {
      const u = contour[i]! * radiusPx;
      const v = contour[i + 1]! * radiusPx;
      placed.push(x + u * axis.x - v * axis.y, y + u * axis.y + v * axis.x);
    }
    return placed;
  });
}

export function ellipse(aspect: number, x = 0, y = 0, radius = 1): Contour {
  const points = 48;
  return Array.from({ length: points }, (_, i) => onCircle(i / points)).flatMap((p) => [
    x + p.x * radius,
    y + p.y * radius * aspect,
  ]);
}

export function rectangle(x0: number, y0: number, x1: number, y1: number): Contour {
  return [x0, y0, x1, y0, x1, y1, x0, y1];
}

/** Draws a line with 3 to 7 corners at uneven angles and distances. */
export function irregularPolygon(random: Random): Contour {
  const corners = count(random, 3, 7);
  return Array.from({ length: corners }, (_, i) => {
    const p = onCircle((i + between(random, -0.25, 0.25)) / corners);
    const radius = between(random, 0.7, 1);
    return [p.x * radius, p.y * radius];
  }).flat();
}

export function star(random: Random): Contour {
  const tips = count(random, 4, 8);
  const inner = between(random, 0.35, 0.6);
  return Array.from({ length: tips * 2 }, (_, i) => {
    const p = onCircle(i / (tips * 2));
    const radius = i % 2 === 0 ? 1 : inner;
    return [p.x * radius, p.y * radius];
  }).flat();
}

/** Draws a smooth closed line through points at random distances (Catmull-Rom). A `roughness` of 0 makes a circle. */
export function blob(random: Random, roughness: number): Contour {
  const knots = count(random, 6, 11);
  const radii = Array.from({ length: knots }, () => 1 - roughness * random.next());
  const points = radii
    .map((radius, i) => ({ p: onCircle(i / knots), radius }))
    .map(({ p, radius }) => [p.x * radius, p.y * radius]);
  const at = (i: number) => points[((i % knots) + knots) % knots]! as [number, number];
  const contour: number[] = [];
  for (let i = 0; i < knots; i++) {
    for (let t = 0; t < 1; t += 0.125) {
      for (const axis of [0, 1] as const) {
        contour.push(spline(at(i - 1)[axis], at(i)[axis], at(i + 1)[axis], at(i + 2)[axis], t));
      }
    }
  }
  return contour;
}

/** Draws a bent strip from x = -1 to 1, as thin structures and cables look. */
export function strip(random: Random, halfWidth: number): Contour {
  const bend = between(random, -0.5, 0.5);
  const twist = between(random, -0.3, 0.3);
  const steps = 20;
  const centre = (u: number) => bend * (1 - u * u) + twist * u * (1 - u * u);
  const upper = Array.from({ length: steps + 1 }, (_, i) => (2 * i) / steps - 1);
  return [
    ...upper.flatMap((u) => [u, centre(u) - halfWidth]),
    ...[...upper].reverse().flatMap((u) => [u, centre(u) + halfWidth]),
  ];
}

/** Returns the contour moved and scaled within the unit frame: so holes and petals come to their places. */
export function shifted(contour: Contour, x: number, y: number, scale: number): Contour {
  return contour.map((value, i) => value * scale + (i % 2 === 0 ? x : y));
}

function spline(a: number, b: number, c: number, d: number, t: number): number {
  return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}
