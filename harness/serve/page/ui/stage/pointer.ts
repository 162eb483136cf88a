import type { PointLabel } from "../../../../api.ts";
import type { Place } from "../prompt/edit.ts";

/** Says what a hand does on a photo; places are in px of the screen from the canvas's corner. */
export interface PointerHandlers {
  clicked(place: Place, label: PointLabel | "by mode"): void;
  /** The pointer is held and moves: a box is being drawn. */
  dragging(from: Place, to: Place): void;
  dragged(from: Place, to: Place): void;
  /** The browser took the gesture, to scroll. */
  cancelled(): void;
  /** Tells whether a finger draws boxes; else it scrolls the page, and taps. */
  fingersDraw(): boolean;
}

/** A pointer that moves no further than this, px of the screen, clicks. */
const clickPx = 6;

interface Held {
  readonly id: number;
  readonly from: Place;
  readonly label: PointLabel | "by mode";
  /** A drag stays one, also where it comes back. */
  moved: boolean;
}

/** Calls a handler for what mouse, pen and fingers do on a canvas. */
export function listenToPointer(canvas: HTMLCanvasElement, handlers: PointerHandlers): void {
  let held: Held | undefined;
  const placeOf = ({ clientX, clientY }: PointerEvent): Place => {
    const { left, top } = canvas.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  };
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button > 2 || event.button === 1) return;
    canvas.setPointerCapture(event.pointerId);
    held = { id: event.pointerId, from: placeOf(event), label: labelOf(event), moved: false };
  });
  canvas.addEventListener("pointermove", (event) => {
    if (held?.id !== event.pointerId) return;
    const to = placeOf(event);
    held.moved ||= Math.hypot(to.x - held.from.x, to.y - held.from.y) > clickPx;
    if (held.moved && (event.pointerType !== "touch" || handlers.fingersDraw())) handlers.dragging(held.from, to);
  });
  canvas.addEventListener("pointerup", (event) => {
    if (held?.id !== event.pointerId) return;
    const { from, label, moved } = held;
    held = undefined;
    if (!moved) handlers.clicked(from, label);
    else if (event.pointerType !== "touch" || handlers.fingersDraw()) handlers.dragged(from, placeOf(event));
  });
  canvas.addEventListener("pointercancel", () => {
    held = undefined;
    handlers.cancelled();
  });
}

function labelOf({ button, altKey, shiftKey }: PointerEvent): Held["label"] {
  return button === 2 || altKey || shiftKey ? 0 : "by mode";
}
