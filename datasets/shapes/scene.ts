import type { Random, Rgb, Size } from "../../harness/api.ts";
import { between, chance, colour, count, near, onCircle, pick } from "./draw.ts";
import type { Placement } from "./outline.ts";
import type { Surface } from "./texture.ts";
import { drawPattern } from "./texture.ts";
import type { Thing } from "./thing.ts";
import { drawThing } from "./thing.ts";

/** All that a scene's pixels and masks follow from. */
export interface Scene {
  readonly size: Size;
  readonly background: Background;
  /** Back to front. */
  readonly things: readonly Thing[];
  readonly light: Light;
  readonly finish: Finish;
}

export interface Background {
  /** One surface, or wall and floor. */
  readonly surfaces: readonly Surface[];
  /** Row at which the floor begins, px. */
  readonly horizon: number;
  /** Passes of the blur kernel that the things do not get: out of focus. */
  readonly blurPasses: number;
}

export interface Light {
  /** Points from the scene to the light: a unit vector in the image's plane. */
  readonly x: number;
  readonly y: number;
  /** Says how much brighter the side of the light is, as a fraction. */
  readonly gradient: number;
  /** The same over one thing. */
  readonly shading: number;
  /** Fraction of light that a shadow takes; its offset as a fraction of the thing's radius. */
  readonly shadow: number;
  readonly shadowOffset: number;
}

export interface Finish {
  readonly blurPasses: number;
  /** Half width of the sensor noise, grey levels. */
  readonly noise: number;
  readonly noiseSeed: number;
}

const sizes: readonly Size[] = [
  { height: 240, width: 320 },
  { height: 320, width: 240 },
  { height: 360, width: 480 },
  { height: 427, width: 640 },
  { height: 480, width: 640 },
  { height: 640, width: 480 },
];

/** Draws the size alone, which is the stream's first draw: a data set needs it without the scene. */
export function drawSize(random: Random): Size {
  return pick(random, sizes);
}

/** Draws a scene; a given size takes the place of the drawn one and leaves the rest of the stream as it is. */
export function drawScene(random: Random, fixedSize?: Size): Scene {
  const drawn = drawSize(random);
  const size = fixedSize ?? drawn;
  const base = colour(random, between(random, 0, 0.45), between(random, 0.25, 0.95));
  return {
    size,
    background: drawBackground(random, size, base),
    things: drawThings(random, size, base),
    light: drawLight(random),
    finish: {
      blurPasses: pick(random, [0, 0, 0, 1, 2]),
      noise: pick(random, [2, 4, 8, 16, 28]),
      noiseSeed: count(random, 0, 2 ** 31 - 1),
    },
  };
}

function drawBackground(random: Random, size: Size, base: Rgb): Background {
  const shorter = Math.min(size.height, size.width);
  const surface = (colourOf: Rgb): Surface => ({
    colours: [colourOf, near(random, colourOf, 60)],
    pattern: drawPattern(random, shorter * between(random, 0.04, 0.25)),
  });
  const surfaces = chance(random, 0.5) ? [surface(base)] : [surface(base), surface(near(random, base, 120))];
  return { surfaces, horizon: size.height * between(random, 0.35, 0.75), blurPasses: pick(random, [0, 0, 1, 3, 5]) };
}

function drawLight(random: Random): Light {
  const { x, y } = onCircle(between(random, 0.55, 0.95));
  return {
    x,
    y,
    gradient: between(random, 0, 0.35),
    shading: between(random, 0.1, 0.45),
    shadow: chance(random, 0.75) ? between(random, 0.2, 0.6) : 0,
    shadowOffset: between(random, 0.08, 0.3),
  };
}

/**
 * Draws a radius: there are a few large things behind, many middling ones, some tiny ones in front, with sizes over two orders
 * of magnitude of area.
 */
function drawThings(random: Random, size: Size, behind: Rgb): readonly Thing[] {
  const groups = [
    { things: count(random, 0, 2), low: 0.28, high: 0.5 },
    { things: count(random, 4, 9), low: 0.09, high: 0.27 },
    { things: count(random, 1, 6), low: 0.03, high: 0.08 },
  ];
  const crowdedAt = anywhere(random, size);
  return groups.flatMap(({ things, low, high }) =>
    Array.from({ length: things }, () =>
      drawThing(random, drawPlacement(random, size, crowdedAt, { low, high }), behind),
    ),
  );
}

/**
 * Draws a place. Half of the things gather around one place, so that they hide parts of one another. Radii are fractions of the
 * shorter side.
 */
function drawPlacement(random: Random, size: Size, crowdedAt: Spot, radius: { low: number; high: number }): Placement {
  const own = anywhere(random, size);
  const pull = chance(random, 0.5) ? between(random, 0.4, 0.8) : 0;
  return {
    x: own.x + pull * (crowdedAt.x - own.x),
    y: own.y + pull * (crowdedAt.y - own.y),
    radiusPx: Math.max(7, between(random, radius.low, radius.high) * Math.min(size.height, size.width)),
    // Many things of the world stand upright.
    turn: chance(random, 0.6) ? between(random, -0.04, 0.04) : random.next(),
  };
}

type Spot = Pick<Placement, "x" | "y">;

/** Draws a coordinate, also a little beyond the image, which then cuts things off. */
function anywhere(random: Random, { height, width }: Size): Spot {
  return { x: between(random, -0.05, 1.05) * width, y: between(random, -0.05, 1.05) * height };
}
