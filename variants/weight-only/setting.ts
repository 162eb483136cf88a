import { HarnessError, unknown } from "../../harness/errors.ts";
import type { Arithmetic, BlockFormat } from "../../harness/quantize/index.ts";

/** Sizes of blocks that the runtime multiplies by. */
const blocks = [16, 32, 64, 128, 256] as const;

const words = [...blocks.map((size) => `block-${size}`), "level-4", "half"];

const defaults = { block: 32 };

/** Setting of a variant, as an id's last part words it: `block-32`, `block-128+level-4`, `block-32+half`. */
export interface Setting extends BlockFormat {
  readonly arithmetic: Arithmetic;
  /** Type in which what is left of float32 is stored. */
  readonly rest: "float32" | "float16";
}

/** Tells whether a part of an id is meant as a setting. */
export function looksLikeSetting(part: string): boolean {
  return /^(block|level|half)/.test(part);
}

/** Reads a setting, in which words may stand in any order; an empty one is a block of 32. Throws HarnessError for a wrong word. */
export function parseSetting(bits: BlockFormat["bits"], text: string): Setting {
  const given = text === "" ? [] : text.split("+");
  for (const [i, word] of given.entries()) requireWord(word, given.slice(0, i), bits);
  const sizes = given.filter((word) => word.startsWith("block-"));
  if (sizes.length > 1)
    throw new HarnessError(`w${bits}: a weight has blocks of one size`, {
      found: sizes.join(", "),
      expected: "one of them",
    });
  return {
    bits,
    block: sizes[0] === undefined ? defaults.block : Number(sizes[0].slice("block-".length)),
    arithmetic: given.includes("level-4") ? "int8" : "float32",
    rest: given.includes("half") ? "float16" : "float32",
  };
}

function requireWord(word: string, before: readonly string[], bits: number): void {
  if (!words.includes(word)) throw unknown(`setting of w${bits}`, word, words);
  if (before.includes(word)) throw new HarnessError(`w${bits}: ${word} stands twice`, { expected: "each word once" });
}

/** Returns the text of a setting, the size of its blocks always in it. */
export function formatSetting({ block, arithmetic, rest }: Setting): string {
  const parts = [`block-${block}`];
  if (arithmetic === "int8") parts.push("level-4");
  if (rest === "float16") parts.push("half");
  return parts.join("+");
}

/**
 * Returns how far the image embedding may be from the float one. Of the models of toy size, EdgeSAM's is the furthest, on seeded
 * weights: by 0.019 with 8 bits, by 0.29 with 4 in blocks of 32, and by 0.31 in blocks of 128.
 */
export function embeddingBound({ bits, block }: Setting): number {
  if (bits === 8) return 0.03;
  return block <= 32 ? 0.35 : 0.4;
}
