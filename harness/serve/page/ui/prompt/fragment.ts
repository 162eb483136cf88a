import type { Point } from "../../../../api.ts";
import { HarnessError } from "../../../../errors.ts";
import type { AskedPrompt } from "../../contract.ts";
import { isEmpty } from "./edit.ts";

/** Holds what an address of the page names behind its `#`. */
export interface Fragment {
  /** Id of a photo of the data set. */
  readonly photo?: string | undefined;
  /** Id of one of the photo's targets. */
  readonly target?: string | undefined;
  readonly prompt: AskedPrompt;
}

/** Points that an address may name: a longer one is no prompt that a person made. */
const mostPoints = 100;

const number = /^\d{1,9}(\.\d{1,6})?$/;

/** Writes `#photo=ID&target=ID&points=x,y,label;…&box=x0,y0,x1,y1`; an empty text where nothing is named. */
export function formatFragment({ photo, target, prompt }: Fragment): string {
  const { points, box } = prompt;
  const fields = [
    ["photo", photo],
    ["target", target],
    ["points", points.length === 0 ? undefined : points.map(({ x, y, label }) => `${x},${y},${label}`).join(";")],
    ["box", box === undefined ? undefined : [box.x0, box.y0, box.x1, box.y1].join(",")],
  ] as const;
  const written = fields
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${escaped(value!)}`);
  return written.length === 0 || (photo === undefined && isEmpty(prompt)) ? "" : `#${written.join("&")}`;
}

/** Keeps the signs between numbers as they are, so that a person can read an address. */
function escaped(value: string): string {
  return encodeURIComponent(value).replaceAll("%2C", ",").replaceAll("%3B", ";");
}

/**
 * Reads what stands behind the `#` of the page's address. Fields of other names are left alone. Throws HarnessError where points or
 * the box can not be read.
 */
export function parseFragment(fragment: string): Fragment {
  const fields = new URLSearchParams(fragment.replace(/^#/, "").replaceAll("+", "%2B"));
  const points = fields.get("points") ?? undefined;
  const box = fields.get("box") ?? undefined;
  return {
    photo: fields.get("photo") ?? undefined,
    target: fields.get("target") ?? undefined,
    prompt: { points: points === undefined ? [] : pointsIn(points), box: box === undefined ? undefined : boxIn(box) },
  };
}

function pointsIn(text: string): readonly Point[] {
  const points = text.split(";");
  if (points.length > mostPoints)
    throw new HarnessError("address of the page: it names too many points", {
      found: points.length,
      expected: `at most ${mostPoints}`,
    });
  return points.map((point) => {
    const [x, y, label, ...more] = point.split(",");
    const isLabelled = label === "0" || label === "1";
    if (!isNumber(x) || !isNumber(y) || !isLabelled || more.length > 0)
      throw new HarnessError("address of the page: a point can not be read", {
        found: point,
        expected: "x,y,1 or x,y,0",
      });
    return { x: Number(x), y: Number(y), label: label === "1" ? 1 : 0 };
  });
}

function boxIn(text: string): AskedPrompt["box"] {
  const corners = text.split(",");
  const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = corners.map(Number);
  if (corners.length !== 4 || !corners.every(isNumber) || x1 <= x0 || y1 <= y0)
    throw new HarnessError("address of the page: the box can not be read", { found: text, expected: "x0,y0,x1,y1" });
  return { x0, y0, x1, y1 };
}

function isNumber(text: string | undefined): text is string {
  return text !== undefined && number.test(text);
}
