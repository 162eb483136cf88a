import { createRequire } from "node:module";
import { HarnessError } from "../../../errors.ts";
import {
  type Matrix,
  type Paint,
  type StrokePaint,
  type VectorPage,
  type VectorText,
  vectorCanvas,
} from "./vectorCanvas.ts";
import { type ChartSpec, drawChart } from "./vega.ts";

/** Points of a PDF in a pixel of a chart: 72 and 96 of them are an inch. */
const pointsPerPx = 72 / 96;

/**
 * Files of the typeface Arimo. Its letters are as wide as those of Helvetica and Arial, which the drawings for screens name, and
 * its licence lets it be embedded, as publishers ask for.
 */
const fontFiles = {
  normal: "@fontsource/arimo/files/arimo-latin-400-normal.woff",
  bold: "@fontsource/arimo/files/arimo-latin-700-normal.woff",
} as const;

/** Matches letters that these files lack: they have those of Western Europe. */
const lackedLetters = /[^ -~\u00a0-\u00ff\u2013\u2014\u2018\u2019\u201c\u201d\u2022\u2026\u2212]/gu;

interface PdfFile {
  readonly title: string;
  /** File that errors name. */
  readonly file: string;
  /** Date of what is drawn. With that of the drawing, the same figure would never be the same file. */
  readonly date: Date;
}

/**
 * Draws a chart as a page of its own size: paths stay paths, and texts stay texts in an embedded font. The same chart gives the
 * same bytes. Throws HarnessError for a text with letters that the font lacks.
 */
export async function chartPdf(spec: ChartSpec, { title, file, date }: PdfFile): Promise<Buffer> {
  // Not at the top: most commands write no PDF, and need not wait for the library.
  const { default: Document } = await import("pdfkit");
  const info = { Title: title, CreationDate: date };
  const document: PDFKit.PDFDocument = new Document({ autoFirstPage: false, info, lang: "en", displayTitle: true });
  const bytes = bytesOf(document);
  const { resolve } = createRequire(import.meta.url);
  for (const [weight, path] of Object.entries(fontFiles)) document.registerFont(weight, resolve(path));
  const texts: string[] = [];
  await drawChart(spec, ({ width, height, background }) => {
    document.addPage({ size: [width * pointsPerPx, height * pointsPerPx], margin: 0 });
    document.scale(pointsPerPx);
    return vectorCanvas(pageOf(document, { paper: background, texts }));
  });
  document.end();
  const lacked = new Set(texts.join("").match(lackedLetters) ?? []);
  if (lacked.size === 0) return bytes;
  throw new HarnessError(`${file}: the font that is embedded in a PDF lacks letters of the figure`, {
    found: [...lacked].join(" "),
    hint: `write ${file.replace(/\.pdf$/, ".svg")}, which is shown with the fonts of the reader's system`,
  });
}

async function bytesOf(document: PDFKit.PDFDocument): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of document) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** Returns a document's page to draw on, and collects its texts. */
function pageOf(
  document: PDFKit.PDFDocument,
  { paper, texts }: { readonly paper: string; readonly texts: string[] },
): VectorPage {
  const paint = ({ colour }: Paint, matrix: Matrix, draw: () => void) => {
    if (colour === "transparent") return;
    document.save().transform(...matrix);
    draw();
    document.restore();
  };
  const setStroke = ({ colour, opacity, width, cap, join, miterLimit, dash }: StrokePaint) => {
    document.strokeColor(colour, opacity).lineWidth(width).lineCap(cap).lineJoin(join).miterLimit(miterLimit);
    if (dash.length > 0) document.addContent(`[${dash.join(" ")}] 0 d`);
  };
  const write = ({ text, x, y, align, sizePx, weight }: VectorText, how: PDFKit.Mixins.TextOptions) => {
    texts.push(text);
    document.font(weight, sizePx);
    const wide = document.widthOfString(text);
    const left = align === "center" ? x - wide / 2 : align === "right" ? x - wide : x;
    document.text(text, left, y, { lineBreak: false, baseline: "alphabetic", ...how });
  };
  /** Writes the halo of a name, which is for the eye alone: whoever looks for the name in the file finds it once. */
  const writeHalo = (text: VectorText, how: PDFKit.Mixins.TextOptions) => {
    document.addContent("/Span <</ActualText <FEFF>>> BDC");
    write(text, how);
    document.addContent("EMC");
  };
  return {
    save: () => void document.save(),
    restore: () => void document.restore(),
    clip({ path, matrix }) {
      // It holds until the caller restores the page, so the page is moved there and back instead of saved.
      document
        .transform(...matrix)
        .path(path)
        .clip();
      document.transform(...inverse(matrix));
    },
    fill: ({ path, matrix }, own) =>
      paint(own, matrix, () => document.path(path).fillColor(own.colour, own.opacity).fill()),
    stroke: ({ path, matrix }, own) =>
      paint(own, matrix, () => {
        setStroke(own);
        document.path(path).stroke();
      }),
    fillText: (text, own) =>
      paint(own, text.matrix, () => {
        document.fillColor(own.colour, own.opacity);
        if (own.colour === paper) writeHalo(text, {});
        else write(text, {});
      }),
    strokeText: (text, own) =>
      paint(own, text.matrix, () => {
        setStroke(own);
        writeHalo(text, { stroke: true, fill: false });
      }),
  };
}

function inverse([a, b, c, d, e, f]: Matrix): Matrix {
  const area = a * d - b * c;
  return [d / area, -b / area, -c / area, a / area, (c * f - d * e) / area, (b * e - a * f) / area];
}
