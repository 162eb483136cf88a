/** Takes x, y to a x + c y + e, b x + d y + f, as on the canvas of a browser: y runs downwards. */
export type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

export interface Paint {
  readonly colour: string;
  readonly opacity: number;
}

export interface StrokePaint extends Paint {
  readonly width: number;
  readonly cap: string;
  readonly join: string;
  readonly miterLimit: number;
  readonly dash: readonly number[];
}

/** A path as SVG writes it, or a line of text, and where it lies on the page. */
export interface VectorPath {
  readonly path: string;
  readonly matrix: Matrix;
}
export interface VectorText {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly align: "left" | "center" | "right";
  readonly sizePx: number;
  readonly weight: "normal" | "bold";
  readonly matrix: Matrix;
}

/** What a page of paths and texts has to be able to do. */
export interface VectorPage {
  save(): void;
  restore(): void;
  /** Leaves what lies outside the path unpainted until `restore`. */
  clip(path: VectorPath): void;
  fill(path: VectorPath, paint: Paint): void;
  stroke(path: VectorPath, paint: StrokePaint): void;
  fillText(text: VectorText, paint: Paint): void;
  strokeText(text: VectorText, paint: StrokePaint): void;
}

const identity: Matrix = [1, 0, 0, 1, 0, 0];

/**
 * Returns what Vega draws on as on the canvas of a browser; what it draws becomes paths and texts of a page. It has the part of
 * a canvas that charts use: colours without gradients, no pictures, no shadows.
 */
export function vectorCanvas(page: VectorPage) {
  const saved: Matrix[] = [];
  let matrix = identity;
  // The matrix of a path is that of its beginning: Vega moves the origin to a mark, draws its path, and moves back.
  let drawn = { path: "", matrix };

  const multiply = ([a, b, c, d, e, f]: Matrix) => {
    const [m0, m1, m2, m3, m4, m5] = matrix;
    const x = m0 * e + m2 * f + m4;
    const y = m1 * e + m3 * f + m5;
    matrix = [m0 * a + m2 * b, m1 * a + m3 * b, m0 * c + m2 * d, m1 * c + m3 * d, x, y];
  };
  const add = (step: string) => {
    drawn = { ...drawn, path: drawn.path + step };
  };
  const textAt = (text: string, x: number, y: number): VectorText => ({
    text,
    x,
    y,
    align: canvas.textAlign as VectorText["align"],
    sizePx: Number(/([\d.]+)px/.exec(canvas.font)![1]),
    weight: /\b(bold|[6-9]00)\b/.test(canvas.font) ? "bold" : "normal",
    matrix,
  });
  const fillPaint = (): Paint => ({ colour: canvas.fillStyle, opacity: canvas.globalAlpha });
  const strokePaint = (): StrokePaint => ({
    colour: canvas.strokeStyle,
    opacity: canvas.globalAlpha,
    width: canvas.lineWidth,
    cap: canvas.lineCap,
    join: canvas.lineJoin,
    miterLimit: canvas.miterLimit,
    dash,
  });
  let dash: readonly number[] = [];

  const canvas = {
    // Vega sets these before it paints.
    globalAlpha: 1,
    fillStyle: "#000000",
    strokeStyle: "#000000",
    lineWidth: 1,
    lineCap: "butt",
    lineJoin: "miter",
    miterLimit: 10,
    font: "10px sans-serif",
    textAlign: "left",
    setLineDash(given: readonly number[]) {
      dash = given;
    },

    save() {
      saved.push(matrix);
      page.save();
    },
    restore() {
      matrix = saved.pop() ?? identity;
      page.restore();
    },
    translate: (x: number, y: number) => multiply([1, 0, 0, 1, x, y]),
    scale: (x: number, y: number) => multiply([x, 0, 0, y, 0, 0]),
    rotate: (angle: number) => multiply([Math.cos(angle), Math.sin(angle), -Math.sin(angle), Math.cos(angle), 0, 0]),

    beginPath() {
      drawn = { path: "", matrix };
    },
    moveTo: (x: number, y: number) => add(`M${x} ${y}`),
    lineTo: (x: number, y: number) => add(`L${x} ${y}`),
    bezierCurveTo: (...numbers: readonly number[]) => add(`C${numbers.join(" ")}`),
    quadraticCurveTo: (...numbers: readonly number[]) => add(`Q${numbers.join(" ")}`),
    closePath: () => add("Z"),
    rect: (x: number, y: number, width: number, height: number) => add(`M${x} ${y}h${width}v${height}h${-width}Z`),
    /** Draws an arc in two halves, because an arc of SVG that ends where it begins is none. */
    arc(x: number, y: number, radius: number, from: number, to: number) {
      const at = (angle: number) => `${x + radius * Math.cos(angle)} ${y + radius * Math.sin(angle)}`;
      const half = (end: number) => `A${radius} ${radius} 0 0 ${to > from ? 1 : 0} ${at(end)}`;
      add(`${drawn.path === "" ? "M" : "L"}${at(from)}${half((from + to) / 2)}${half(to)}`);
    },

    clip: () => page.clip(drawn),
    fill: () => page.fill(drawn, fillPaint()),
    stroke: () => page.stroke(drawn, strokePaint()),
    fillRect(x: number, y: number, width: number, height: number) {
      canvas.beginPath();
      canvas.rect(x, y, width, height);
      canvas.fill();
    },
    fillText: (text: string, x: number, y: number) => page.fillText(textAt(text, x, y), fillPaint()),
    strokeText: (text: string, x: number, y: number) => page.strokeText(textAt(text, x, y), strokePaint()),
  };
  return canvas;
}
