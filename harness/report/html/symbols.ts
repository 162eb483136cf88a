import { symbolShapes } from "../charts/drawing/theme.ts";
import { html, type Markup } from "./markup.ts";

/** Outlines of the marks of charts, in a square of 12 px around its middle. */
const paths: Readonly<Record<(typeof symbolShapes)[number], string>> = {
  circle: "M5,0A5,5 0 1 1 -5,0A5,5 0 1 1 5,0Z",
  square: "M-4.6,-4.6H4.6V4.6H-4.6Z",
  "triangle-up": "M0,-4.8L5.2,4.2H-5.2Z",
  diamond: "M0,-5.6L5.6,0L0,5.6L-5.6,0Z",
  cross: "M-5,-2H-2V-5H2V-2H5V2H2V5H-2V2H-5Z",
  "triangle-down": "M0,4.8L5.2,-4.2H-5.2Z",
};

/** Draws the mark of a series as charts draw it: more series than shapes begin anew. */
export function symbolMarkup(series: number): Markup {
  const shape = symbolShapes[series % symbolShapes.length]!;
  return html`<svg class="symbol" viewBox="-6 -6 12 12" aria-hidden="true"><path d="${paths[shape]}"/></svg>`;
}
