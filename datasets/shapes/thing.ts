import type { Category, Random, Rgb } from "../../harness/api.ts";
import { between, chance, colour, count, near, pick } from "./draw.ts";
import type { Contour, Placement } from "./outline.ts";
import { blob, ellipse, irregularPolygon, place, rectangle, shifted, star, strip } from "./outline.ts";
import type { Surface } from "./texture.ts";
import { drawPattern } from "./texture.ts";

/**
 * Annotated kinds, by category id - 1. The last two are parts: they lie inside the mask of what carries them, and are annotated
 * by themselves.
 */
const kinds = ["ellipse", "polygon", "star", "blob", "ring", "frame", "strip", "flower", "cart", "tree"] as const;
const parts = ["wheel", "flower centre"] as const;
type Kind = (typeof kinds)[number];
type Part = (typeof parts)[number];

export const categories: readonly Category[] = [...kinds, ...parts].map((name, index) => ({ id: index + 1, name }));

const idOf = (name: Kind | Part): number => categories.find((category) => category.name === name)!.id;

/** One evenly textured piece of a thing; a piece with a category is annotated on its own, too. */
export interface Piece {
  readonly contours: readonly Contour[];
  readonly surface: Surface;
  readonly category?: number;
}

export interface Thing {
  readonly category: number;
  readonly placement: Placement;
  /** Painted in this order. */
  readonly pieces: readonly Piece[];
}

/** A unit-frame piece before it is placed. `paint` numbers the surfaces, so that pieces may share one. */
interface Draft {
  readonly contours: readonly Contour[];
  readonly paint: number;
  readonly part?: Part;
}

/** Draws a thing of a random kind at the placement. `behind` is the colour it may hide before. */
export function drawThing(random: Random, placement: Placement, behind: Rgb): Thing {
  const kind = pick(random, kinds);
  const drafts = draftsOf(random, kind);
  const hidden = chance(random, 0.2);
  const surfaces = Array.from({ length: 3 }, () =>
    drawSurface(random, placement.radiusPx, hidden ? behind : undefined),
  );
  return {
    category: idOf(kind),
    placement,
    pieces: drafts.map(({ contours, paint, part }) => ({
      contours: place(contours, placement),
      surface: surfaces[paint]!,
      category: part === undefined ? undefined : idOf(part),
    })),
  };
}

function drawSurface(random: Random, radiusPx: number, behind: Rgb | undefined): Surface {
  const first = behind === undefined ? anyColour(random) : near(random, behind, 35);
  const second = chance(random, 0.6) ? near(random, first, 70) : anyColour(random);
  const periodPx = Math.max(4, radiusPx * between(random, 0.15, 0.6));
  return { colours: [first, second], pattern: drawPattern(random, periodPx) };
}

/** Draws a colour, more often a dull one than a vivid one. */
function anyColour(random: Random): Rgb {
  return colour(random, 0.9 * random.next() * random.next(), between(random, 0.12, 1));
}

function draftsOf(random: Random, kind: Kind): readonly Draft[] {
  switch (kind) {
    case "ellipse":
      return [{ contours: [ellipse(between(random, 0.35, 1))], paint: 0 }];
    case "polygon":
      return [{ contours: [irregularPolygon(random)], paint: 0 }];
    case "star":
      return [{ contours: [star(random)], paint: 0 }];
    case "blob":
      return [{ contours: [blob(random, 0.5), ...blobHoles(random)], paint: 0 }];
    case "ring": {
      const aspect = between(random, 0.6, 1);
      return [{ contours: [ellipse(aspect), ellipse(aspect, 0, 0, between(random, 0.45, 0.75))], paint: 0 }];
    }
    case "frame":
      return [frame(random)];
    case "strip":
      return [{ contours: [strip(random, between(random, 0.04, 0.16))], paint: 0 }];
    case "flower":
      return flower(random);
    case "cart":
      return cart(random);
    case "tree":
      return tree(random);
  }
}

function blobHoles(random: Random): readonly Contour[] {
  // Two places that can not meet, so that even-odd fill never turns an overlap of holes solid.
  const places = [-0.22, 0.22].slice(0, count(random, 0, 2));
  return places.map((x) => shifted(blob(random, 0.4), x, between(random, -0.08, 0.08), between(random, 0.1, 0.2)));
}

function frame(random: Random): Draft {
  const height = between(random, 0.5, 0.9);
  const border = between(random, 0.12, 0.25);
  return {
    contours: [rectangle(-1, -height, 1, height), rectangle(border - 1, border - height, 1 - border, height - border)],
    paint: 0,
  };
}

function flower(random: Random): readonly Draft[] {
  const petals = count(random, 5, 8);
  const petal = (i: number): Draft => {
    const at = place([ellipse(0.5, 0.62, 0, 0.4)], { x: 0, y: 0, radiusPx: 1, turn: i / petals });
    return { contours: at, paint: 0 };
  };
  const centre: Draft = { contours: [ellipse(1, 0, 0, 0.34)], paint: 1, part: "flower centre" };
  return [...Array.from({ length: petals }, (_, i) => petal(i)), centre];
}

function cart(random: Random): readonly Draft[] {
  const top = between(random, -0.7, -0.4);
  const radius = between(random, 0.2, 0.32);
  const body: Contour = [
    -1,
    top * 0.4,
    -0.5,
    top * 0.4,
    -0.3,
    top,
    0.5,
    top,
    0.75,
    top * 0.3,
    1,
    top * 0.2,
    1,
    0.35,
    -1,
    0.35,
  ];
  const wheel = (x: number): Draft => ({ contours: [ellipse(1, x, 0.38, radius)], paint: 1, part: "wheel" });
  const window = rectangle(-0.2, top * 0.85, 0.4, top * 0.35);
  return [{ contours: [body], paint: 0 }, { contours: [window], paint: 2 }, wheel(-0.55), wheel(0.55)];
}

function tree(random: Random): readonly Draft[] {
  const trunk = between(random, 0.08, 0.16);
  return [
    { contours: [rectangle(-trunk, 0, trunk, 1)], paint: 1 },
    { contours: [shifted(blob(random, 0.35), 0, -0.35, 0.65)], paint: 0 },
  ];
}
