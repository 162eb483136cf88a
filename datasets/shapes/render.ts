import type { RgbImage, Size } from "../../harness/api.ts";
import type { Canvas } from "./canvas.ts";
import { blankCanvas, blur, castShadow, develop, illuminate, paint } from "./canvas.ts";
import type { Coverage } from "./coverage.ts";
import { coverageOf } from "./coverage.ts";
import { rectangle } from "./outline.ts";
import type { Background, Light, Scene } from "./scene.ts";
import type { Thing } from "./thing.ts";

/** A rendered scene: the image, and the owner of each pixel. */
export interface Rendering {
  readonly image: RgbImage;
  /** Owner of each pixel, row-major: index + 1 into the scene's things, 0 for the background. */
  readonly things: Uint16Array;
  /** Piece of each pixel, row-major: index + 1 into all pieces of all things in order. */
  readonly pieces: Uint16Array;
  /** Number of pixels that each thing has inside the image, hidden ones included. */
  readonly wholePx: readonly number[];
}

/** Least coverage with which a pixel is a thing's: half of it. */
const owned = 0.5;

/**
 * Renders a scene: it paints back to front, then adds light, blur and noise over all. The pixels are the same on every machine.
 */
export function render({ size, background, things, light, finish }: Scene): Rendering {
  const canvas = blankCanvas(size);
  paintBackground(canvas, background, light);
  const pixels = size.height * size.width;
  const owners = { things: new Uint16Array(pixels), pieces: new Uint16Array(pixels), wholePx: [] as number[] };
  let firstPiece = 1;
  for (const thing of things) {
    const coverages = thing.pieces.map(({ contours }) => coverageOf(contours, size));
    paintThing(canvas, thing, coverages, light);
    owners.wholePx.push(claim(owners, size, coverages, { thing: owners.wholePx.length + 1, firstPiece }));
    firstPiece += thing.pieces.length;
  }
  illuminate(canvas, light);
  blur(canvas, finish.blurPasses);
  return { image: develop(canvas, finish.noise, finish.noiseSeed), ...owners };
}

function paintBackground(canvas: Canvas, { surfaces, horizon, blurPasses }: Background, light: Light): void {
  const { height, width } = canvas.size;
  const relief = { x: width / 2, y: height / 2, radiusPx: width / 2, light: { ...light, shading: 0 } };
  surfaces.forEach((surface, index) => {
    const coverage = coverageOf([rectangle(0, index === 0 ? 0 : horizon, width, height)], canvas.size);
    if (coverage !== undefined) paint(canvas, coverage, surface, relief);
  });
  blur(canvas, blurPasses);
}

/** Casts the shadows of all pieces first: a thing casts none on itself. */
function paintThing(
  canvas: Canvas,
  { pieces, placement }: Thing,
  coverages: readonly (Coverage | undefined)[],
  light: Light,
): void {
  const reach = -light.shadowOffset * placement.radiusPx;
  for (const coverage of coverages) {
    if (coverage === undefined || light.shadow === 0) continue;
    castShadow(canvas, coverage, { x: light.x * reach, y: light.y * reach }, light.shadow);
  }
  pieces.forEach(({ surface }, index) => {
    const coverage = coverages[index];
    if (coverage !== undefined) paint(canvas, coverage, surface, { ...placement, light });
  });
}

/** Makes the covered pixels the thing's own and returns how many they are. Mutates owners. */
function claim(
  owners: Pick<Rendering, "things" | "pieces">,
  size: Size,
  coverages: readonly (Coverage | undefined)[],
  numbers: { readonly thing: number; readonly firstPiece: number },
): number {
  let claimed = 0;
  coverages.forEach((coverage, index) => {
    if (coverage === undefined) return;
    for (let row = 0, i = 0; row < coverage.size.height; row++) {
      let at = (coverage.y0 + row) * size.width + coverage.x0;
      for (const end = at + coverage.size.width; at < end; at++, i++) {
        if (coverage.alpha[i]! < owned) continue;
        if (owners.things[at] !== numbers.thing) claimed++;
        owners.things[at] = numbers.thing;
        owners.pieces[at] = numbers.firstPiece + index;
      }
    }
  });
  return claimed;
}
