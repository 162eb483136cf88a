/** Says what a key does on a photo that has the focus. */
export type KeyAction =
  | { readonly kind: "move"; readonly x: -1 | 0 | 1; readonly y: -1 | 0 | 1; readonly steps: 1 | 10 }
  | { readonly kind: "point"; readonly label: 0 | 1 }
  | { readonly kind: "zoom"; readonly to: "nearer" | "further" | "whole" }
  | { readonly kind: "take back point" | "box corner" | "cancel" | "undo" | "redo" };

/** Fields of a keyboard event that decide. */
export type Keys = Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey">;

const arrows: Readonly<Record<string, readonly [x: -1 | 0 | 1, y: -1 | 0 | 1]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

const actions: Readonly<Record<string, KeyAction>> = {
  Delete: { kind: "take back point" },
  Backspace: { kind: "take back point" },
  b: { kind: "box corner" },
  B: { kind: "box corner" },
  Escape: { kind: "cancel" },
};

/** Keys without another that is held; = and _ are + and − with and without Shift. */
const zooms: Readonly<Record<string, KeyAction>> = {
  "+": { kind: "zoom", to: "nearer" },
  "=": { kind: "zoom", to: "nearer" },
  "-": { kind: "zoom", to: "further" },
  _: { kind: "zoom", to: "further" },
  "0": { kind: "zoom", to: "whole" },
};

/** Returns what the keys do on a photo; nothing for all others, which are the browser's. */
export function photoAction(keys: Keys): KeyAction | undefined {
  const shared = pageAction(keys);
  if (shared !== undefined) return shared;
  if (keys.ctrlKey || keys.metaKey || keys.altKey) return undefined;
  const arrow = arrows[keys.key];
  if (arrow !== undefined) return { kind: "move", x: arrow[0], y: arrow[1], steps: keys.shiftKey ? 10 : 1 };
  // As a click with Shift does.
  if (keys.key === "Enter" || keys.key === " ") return { kind: "point", label: keys.shiftKey ? 0 : 1 };
  return actions[keys.key];
}

/** Returns what the keys do anywhere in the page: + − 0 zoom, Ctrl-Z undoes, Ctrl-Shift-Z and Ctrl-Y do again. */
export function pageAction({ key, shiftKey, ctrlKey, metaKey, altKey }: Keys): KeyAction | undefined {
  // With Ctrl they zoom the whole page, as everywhere.
  if (!ctrlKey && !metaKey) return altKey ? undefined : zooms[key];
  const letter = key.toLowerCase();
  if (letter === "z") return { kind: shiftKey ? "redo" : "undo" };
  return letter === "y" ? { kind: "redo" } : undefined;
}
