import type { PointLabel } from "../../../api.ts";
import {
  boxBetween,
  nearestPoint,
  noPrompt,
  type Place,
  pixelAt,
  withBox,
  withoutPoint,
  withPoint,
} from "./prompt/edit.ts";
import { advance, redo, undo } from "./prompt/history.ts";
import type { Session, ShownPhoto } from "./session.ts";
import type { KeyAction } from "./stage/keys.ts";
import { placeUnder, steppedView, viewWith, wholePhoto } from "./stage/view.ts";
import { targetAt } from "./truth/targets.ts";

/** Holds what a person can do to the prompt; each returns the sentence that a screen reader says. Places are in pixels of the photo. */
export interface Actions {
  click(place: Place, label: PointLabel | "by mode", reachPx: number): string;
  drawBox(from: Place, to: Place): string;
  press(action: KeyAction, stepPx: number): string;
  clear(): string;
}

export function actionsOn(session: Session): Actions {
  return {
    click: (place, label, reachPx) => clickAt(session, place, { label, reachPx }),
    drawBox: (from, to) => drawBox(session, from, to),
    press: (action, stepPx) => press(session, action, stepPx),
    clear() {
      session.change({ history: advance(session.state.history, noPrompt), draft: undefined, corner: undefined });
      return "All points and the box are taken back.";
    },
  };
}

interface Click {
  readonly label: PointLabel | "by mode";
  /** A click takes back a point that is no further than this, px of the photo. */
  readonly reachPx: number;
}

function clickAt(session: Session, place: Place, { label, reachPx }: Click): string {
  const { photo, mode, history } = session.state;
  if (photo === undefined) return "";
  if (mode === "target") return chooseTarget(session, place);
  const known = nearestPoint(session.prompt, place, reachPx);
  if (known !== undefined) return takeBack(session, known);
  if (mode === "box" && label === "by mode") return "Drag from one corner of the box to the other.";
  const own = label === "by mode" ? labelOf(mode) : label;
  const pixel = pixelAt(place, photo.image.size);
  session.change({ history: advance(history, withPoint(session.prompt, { ...pixel, label: own })) });
  return `${own === 1 ? "Foreground" : "Background"} point at ${pixel.x}, ${pixel.y}.`;
}

function labelOf(mode: "foreground" | "background" | "box"): PointLabel {
  return mode === "background" ? 0 : 1;
}

function takeBack(session: Session, index: number): string {
  const { x, y } = session.prompt.points[index]!;
  session.change({ history: advance(session.state.history, withoutPoint(session.prompt, index)) });
  return `The point at ${x}, ${y} is taken back.`;
}

function chooseTarget(session: Session, place: Place): string {
  const target = targetAt(session.state.targets, place);
  if (target === undefined) return "No target is annotated here.";
  session.change({ target, mode: "foreground" });
  return `Target: ${target.category}, ${target.areaPx} pixels.`;
}

function drawBox(session: Session, from: Place, to: Place): string {
  const { photo, history } = session.state;
  const box = photo && boxBetween(from, to, photo.image.size);
  session.change({ draft: undefined, corner: undefined });
  if (box === undefined) return "The box holds no pixel.";
  session.change({ history: advance(history, withBox(session.prompt, box)) });
  return `Box from ${box.x0}, ${box.y0} to ${box.x1}, ${box.y1}.`;
}

function press(session: Session, action: KeyAction, stepPx: number): string {
  const { photo, history, view } = session.state;
  if (photo === undefined) return "";
  const at = session.state.crosshair ?? middlePixel(session, photo);
  const centre = { x: at.x + 0.5, y: at.y + 0.5 };
  switch (action.kind) {
    case "move":
      return moveTo(session, photo, {
        x: at.x + action.x * action.steps * stepPx,
        y: at.y + action.y * action.steps * stepPx,
      });
    case "point":
      session.change({ crosshair: at, view: viewWith(view, photo.image.size, at) });
      return clickAt(session, centre, {
        label: session.state.mode === "target" ? "by mode" : action.label,
        reachPx: 0.5,
      });
    case "take back point":
      return takeBackNear(session, centre, 10 * stepPx);
    case "box corner":
      session.change({ view: viewWith(view, photo.image.size, at) });
      return boxCorner(session, at);
    case "zoom":
      return zoomTo(session, photo, action.to);
    case "cancel":
      session.change({ corner: undefined, draft: undefined });
      return "";
    case "undo":
      session.change({ history: undo(history), draft: undefined, corner: undefined });
      return "Taken back.";
    case "redo":
      session.change({ history: redo(history) });
      return "Done again.";
  }
}

function moveTo(session: Session, { image }: ShownPhoto, place: Place): string {
  const pixel = pixelAt(place, image.size);
  const { corner, view } = session.state;
  const draft = corner && boxBetween(corner, { x: pixel.x + 1, y: pixel.y + 1 }, image.size);
  session.change({ crosshair: pixel, draft, view: viewWith(view, image.size, pixel) });
  return `${pixel.x}, ${pixel.y}`;
}

/** Takes back the point under the cross, or else the newest. */
function takeBackNear(session: Session, place: Place, reachPx: number): string {
  const { points } = session.prompt;
  if (points.length === 0) return "There is no point to take back.";
  return takeBack(session, nearestPoint(session.prompt, place, reachPx) ?? points.length - 1);
}

/** Begins a box at the cross, or ends it there. The pixels of both corners are in it. */
function boxCorner(session: Session, at: Place): string {
  const { corner } = session.state;
  if (corner === undefined) {
    session.change({ corner: at, crosshair: at });
    return `A box begins at ${at.x}, ${at.y}: move to its other corner and press b again.`;
  }
  const from = { x: Math.min(corner.x, at.x), y: Math.min(corner.y, at.y) };
  return drawBox(session, from, { x: Math.max(corner.x, at.x) + 1, y: Math.max(corner.y, at.y) + 1 });
}

/** Returns the pixel in the middle of what is shown. */
function middlePixel({ state: { view } }: Session, { image: { size } }: ShownPhoto): Place {
  return pixelAt(placeUnder(view, size, { x: 0.5, y: 0.5 }), size);
}

/** Zooms about the cross, or the newest point where there is none: a person who clicked looks there. Else about the middle. */
function zoomTo(session: Session, { image: { size } }: ShownPhoto, to: "nearer" | "further" | "whole"): string {
  const { crosshair, view } = session.state;
  const pixel = crosshair ?? session.prompt.points.at(-1);
  const at = pixel && { x: pixel.x + 0.5, y: pixel.y + 0.5 };
  const next = to === "whole" ? wholePhoto : steppedView(view, size, { to, at });
  session.change({ view: next });
  return next.zoom === 1 ? "The whole photo is shown." : `Zoomed ${next.zoom.toFixed(1)} times.`;
}
