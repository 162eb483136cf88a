import type { Size } from "../../../../api.ts";
import type { Session } from "../session.ts";
import { placeOn, shareOf } from "./places.ts";
import { heldView, isSameView, placeUnder, type View } from "./view.ts";

/** A turn of the wheel zooms by this power of two for each px that it would scroll, and by the most at once. */
const power = { perPx: 0.01, most: 0.3 } as const;

/** Length of a line and of a page, in which a wheel may count, px. */
const unitsPx: readonly number[] = [1, 16, 400];

/**
 * Lets the wheel zoom and move the photo on a canvas. It zooms with Ctrl, by which browsers also tell a pinch on a trackpad, and moves
 * what is zoomed without. The page is longer than a screen: a wheel that zoomed by itself would end its scrolling at each photo.
 */
export function listenToWheel(canvas: HTMLCanvasElement, session: Session): void {
  const turned = (event: WheelEvent) => {
    const { photo, view } = session.state;
    if (photo === undefined) return;
    const isZoom = event.ctrlKey || event.metaKey;
    const { size } = photo.image;
    const next = isZoom ? zoomedView(canvas, event, { view, size }) : movedView(canvas, event, { view, size });
    // At the photo's edge the wheel scrolls the page on.
    if (!isZoom && isSameView(next, view)) return;
    event.preventDefault();
    session.change({ view: next });
  };
  canvas.addEventListener("wheel", turned, { passive: false });
}

interface Shown {
  readonly view: View;
  readonly size: Size;
}

/** Returns the view zoomed by a turn of the wheel: what is under the pointer stays there. */
function zoomedView(canvas: HTMLCanvasElement, event: WheelEvent, { view, size }: Shown): View {
  const asked = -event.deltaY * unitOf(event) * power.perPx;
  const factor = 2 ** Math.max(-power.most, Math.min(asked, power.most));
  const under = shareOf(canvas, placeOn(canvas, event));
  return heldView(size, { at: placeUnder(view, size, under), under }, view.zoom * factor);
}

function movedView(canvas: HTMLCanvasElement, event: WheelEvent, { view, size }: Shown): View {
  const unit = unitOf(event);
  const under = shareOf(canvas, { x: -event.deltaX * unit, y: -event.deltaY * unit });
  return heldView(size, { at: view.corner, under }, view.zoom);
}

function unitOf({ deltaMode }: WheelEvent): number {
  return unitsPx[deltaMode] ?? 1;
}
