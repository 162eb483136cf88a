import { find } from "../words/elements.ts";

/** Switches between dark and light: the reader's choice, else the system's. `changed` is told, since canvases have colours too. */
export function listenToTheme(changed: () => void): void {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const { documentElement: root } = document;
  const themeNow = () => root.dataset.theme ?? (dark.matches ? "dark" : "light");
  dark.addEventListener("change", changed);
  window.addEventListener("resize", changed);
  find(document, "#theme", HTMLButtonElement).addEventListener("click", () => {
    root.dataset.theme = themeNow() === "dark" ? "light" : "dark";
    changed();
  });
}
