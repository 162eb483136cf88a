import type { Rle, Size } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { rleFromCounts } from "./rle.ts";

// A number is cut into groups of five bits, the lowest first. A sixth bit says that another group follows; the last
// group's fifth bit is the sign. Each group is written as the ASCII character 48 further on.
const firstCode = 48;
const lastCode = firstCode + 63;
const more = 32;
const sign = 16;

/** Writes the runs as COCO's compressed string, which is `counts` of a result or an annotation file. */
export function formatCounts({ counts }: Rle): string {
  const codes: number[] = [];
  for (let i = 0; i < counts.length; i++) {
    // As rleToString of COCO's mask API: from the fourth run on the difference to the run two back is written, because runs alternate 0, 1.
    let rest = i > 2 ? counts[i]! - counts[i - 2]! : counts[i]!;
    for (let open = true; open; ) {
      const group = rest & 31;
      rest >>= 5;
      open = rest !== ((group & sign) === 0 ? 0 : -1);
      codes.push(firstCode + group + (open ? more : 0));
    }
  }
  return asciiOf(codes);
}

/**
 * Reads the runs of COCO's compressed string.
 * Throws HarnessError, naming `place`, for a character outside the alphabet, a string cut short, a negative run, or runs that
 * do not fill the mask.
 */
export function parseCounts(text: string, size: Size, place = "mask"): Rle {
  const counts: number[] = [];
  let value = 0;
  // What the next group counts by. A product and no shift: a damaged string may go on past 32 bits.
  let weight = 1;
  for (let i = 0; i < text.length; i++) {
    const group = groupAt(text, i, place);
    value += (group & 31) * weight;
    weight *= 32;
    if ((group & more) !== 0) continue;
    if ((group & sign) !== 0) value -= weight;
    counts.push(counts.length > 2 ? value + counts[counts.length - 2]! : value);
    value = 0;
    weight = 1;
  }
  if (weight > 1) throw new HarnessError(`${place}: mask string ends in the middle of a run`, { found: excerpt(text) });
  return rleFromCounts(counts, size, place);
}

function groupAt(text: string, index: number, place: string): number {
  const code = text.charCodeAt(index);
  if (code < firstCode || code > lastCode) {
    throw new HarnessError(`${place}: mask string has a character that COCO's alphabet lacks`, {
      found: `${JSON.stringify(text[index])} at ${index}`,
      expected: `${String.fromCharCode(firstCode)} to ${String.fromCharCode(lastCode)}`,
    });
  }
  return code - firstCode;
}

/** Makes a text of character codes, in slices, because an argument list has a limit. */
function asciiOf(codes: readonly number[]): string {
  let text = "";
  for (let i = 0; i < codes.length; i += 4096) text += String.fromCharCode(...codes.slice(i, i + 4096));
  return text;
}

function excerpt(text: string): string {
  return text.length <= 20 ? text : `…${text.slice(-20)}`;
}
