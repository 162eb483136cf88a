import { HarnessError } from "../../harness/errors.ts";

/** Settings that an id words after its preset: `p0.75`, or `p0.75+sam-vit-b`. */
export interface BlvitSettings {
  /** The share of each window's tokens that P-blocks leave out. */
  readonly pruneRatio: number;
  /** The SAM preset whose checkpoint gives the P-blocks and all else that SAM has; the rest is seeded. */
  readonly performanceFrom?: string;
}

export const defaultPruneRatio = 0.75;
const highest = 0.9;

/**
 * Reads the settings of an id.
 * Throws HarnessError for a ratio outside 0 … 0.9, and for another preset than `sam`.
 */
export function parseSettings(id: string, setting: string, sam: string): BlvitSettings {
  const [ratio, ...from] = setting.split("+");
  const text = /^p(\d+(?:\.\d+)?)$/.exec(ratio!)?.[1];
  if (text === undefined || from.length > 1)
    throw new HarnessError(`${id}: not a setting of big.LITTLE ViT`, {
      found: setting,
      expected: `p0.75, or p0.75+${sam} with P-blocks of that checkpoint`,
    });
  const pruneRatio = pruneRatioOf(id, text);
  if (from[0] === undefined) return { pruneRatio };
  if (from[0] !== sam) throw new HarnessError(`${id}: its P-blocks do not come from ${from[0]}`, { expected: sam });
  return { pruneRatio, performanceFrom: sam };
}

export function settingText({ pruneRatio, performanceFrom }: BlvitSettings): string {
  return `p${pruneRatio}${performanceFrom === undefined ? "" : `+${performanceFrom}`}`;
}

export function pruneRatioOf(subject: string, text: string): number {
  const ratio = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && ratio >= 0 && ratio <= highest) return ratio;
  throw new HarnessError(`${subject}: the prune ratio is out of range`, {
    found: text,
    expected: `a number from 0 to ${highest}`,
  });
}
