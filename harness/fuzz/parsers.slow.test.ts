import { expect, test } from "vitest";
import { hunt } from "./hunt.ts";
import { parsers } from "./parsers.ts";

test.each(parsers.filter(({ draw }) => draw !== undefined))(
  "$id: $describe; no harm",
  { timeout: 300_000 },
  async (parser) => {
    const { cases, read, refused, harms } = await hunt(parser, { seed: 0, cases: parser.cases });
    expect(harms).toEqual([]);
    expect(cases).toBe(parser.cases);
    // No case is lost, and some get as far as the property that is checked.
    expect(read + refused).toBe(cases);
    expect(read).toBeGreaterThan(0);
  },
);

test.each(parsers.filter(({ draw }) => draw === undefined))(
  "$id: broken files are read or refused; no crash, no hang, no growth",
  async (parser) => {
    const { cases, read, refused, harms } = await hunt(parser, { seed: 0, cases: parser.cases });
    expect(harms).toEqual([]);
    expect(cases).toBe(parser.cases);
    // Both must be common, or the mutations no longer reach what they should.
    expect(read).toBeGreaterThan(cases / 50);
    expect(refused).toBeGreaterThan(cases / 10);
  },
);
