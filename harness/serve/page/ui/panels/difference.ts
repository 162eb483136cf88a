import type { Rgb, Rle } from "../../../../api.ts";
import { areaOf, difference, intersection, plainIou } from "../../../../mask/index.ts";
import type { ModelPanel } from "../model/panel.ts";
import type { Session } from "../session.ts";
import { drawStage, fitCanvas } from "../stage/canvas.ts";
import { listenToFingers } from "../stage/fingers.ts";
import { LayerCache } from "../stage/layerCache.ts";
import type { MaskLook } from "../stage/layers.ts";
import type { Projection } from "../stage/view.ts";
import { listenToWheel } from "../stage/wheel.ts";
import { find, setText } from "../words/elements.ts";
import { iouText, pixelsText } from "../words/figures.ts";

/** Colour of the pixels that are in both masks. */
const bothColour: Rgb = [236, 236, 236];

/** The pixels of two masks apart. */
interface Parts {
  readonly first: Rle;
  readonly second: Rle;
  readonly onlyFirst: Rle;
  readonly onlySecond: Rle;
  readonly both: Rle;
}

/** The part of the page that shows which pixels are in one of two masks alone. */
export class DifferencePanel {
  readonly #section = find(document, "#difference", HTMLElement);
  readonly #canvas = find(this.#section, "canvas", HTMLCanvasElement);
  readonly #layers = new LayerCache();
  readonly #session: Session;
  readonly #panels: readonly ModelPanel[];
  #parts: Parts | undefined;

  constructor(session: Session, panels: readonly ModelPanel[]) {
    this.#session = session;
    this.#panels = panels;
    const [first, second] = panels.map(({ seat }) => seat.model.name);
    setText(this.#cell(".only-first .name"), `only in ${first}`);
    setText(this.#cell(".only-second .name"), `only in ${second}`);
    listenToWheel(this.#canvas, session);
    listenToFingers(this.#canvas, session);
    new ResizeObserver(() => session.touch()).observe(this.#canvas);
  }

  /** Draws the two masks that are shown; nothing as long as one of them is missing. */
  draw(): void {
    const { photo, view } = this.#session.state;
    const [first, second] = this.#panels.map(({ shown }) => shown?.mask);
    this.#section.hidden = photo === undefined || first === undefined || second === undefined;
    if (photo === undefined || first === undefined || second === undefined) return;
    this.#parts = this.#partsOf(first, second);
    this.#write(this.#parts);
    const projection = fitCanvas(this.#canvas, photo.image.size, view);
    drawStage(this.#canvas, photo, {
      projection,
      layers: this.#layersOf(this.#parts, projection),
      prompt: this.#session.prompt,
      photo: "grey",
    });
  }

  #partsOf(first: Rle, second: Rle): Parts {
    const known = this.#parts;
    if (known?.first === first && known.second === second) return known;
    const onlyFirst = difference(first, second);
    return { first, second, onlyFirst, onlySecond: difference(second, first), both: intersection([first, second]) };
  }

  #layersOf({ onlyFirst, onlySecond, both }: Parts, projection: Projection): readonly OffscreenCanvas[] {
    // The parts touch one another: a wide line would hide what is thin.
    const linePx = window.devicePixelRatio;
    const [first, second] = this.#panels.map(({ colour }) => colour);
    const drawing = (colour: Rgb, fill: MaskLook["fill"]) => ({
      projection,
      look: { colour, fill, line: "plain", halo: "none", linePx } as const,
    });
    return [
      this.#layers.layer("both", both, drawing(bothColour, "plain")),
      this.#layers.layer("first", onlyFirst, drawing(first!, "rising stripes")),
      this.#layers.layer("second", onlySecond, drawing(second!, "falling stripes")),
    ];
  }

  #write({ first, second, onlyFirst, onlySecond, both }: Parts): void {
    const figures = [
      [".only-first td", pixelsText(areaOf(onlyFirst))],
      [".only-second td", pixelsText(areaOf(onlySecond))],
      [".both td", pixelsText(areaOf(both))],
      [".iou td", iouText(plainIou(first, second))],
    ] as const;
    for (const [cell, text] of figures) setText(this.#cell(cell), text);
    const said = figures.map(
      ([cell, text]) => `${this.#cell(cell).parentElement!.firstElementChild!.textContent}: ${text}`,
    );
    this.#canvas.setAttribute("aria-label", `the two masks on the photo; ${said.join("; ")}`);
  }

  #cell(selector: string): HTMLElement {
    return find(this.#section, selector, HTMLElement);
  }
}
