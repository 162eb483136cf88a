import { expect, test } from "vitest";
import { calibration, miou } from "../../metrics/index.ts";
import { judgementOf, protocolOf } from "../../protocols/index.ts";
import { type Comparison, compareRuns } from "../../results/compare/compare.ts";
import type { Side } from "../../results/compare/side.ts";
import { type SmallMask, samTokens, sideOfMasks } from "./fixtures/masks.ts";
import { exampleSide, exampleTurn, noTokens, simulatedSides } from "./fixtures/sides.ts";
import { comparisonsText } from "./text.ts";

const judged = Object.fromEntries(["miou-gtbox-argmax"].map((id) => [id, judgementOf(protocolOf(id))]));
const options = { metrics: [miou, calibration], judged, agreement: samTokens, seed: 0, draws: 300 };

/** Twelve photos by three prompts: one mask of four loses a pixel, and one has another token. */
function nearlyAlike(): Comparison {
  const masks = (own: Partial<SmallMask>): readonly SmallMask[] =>
    ["box", "1p", "3p"].flatMap((prompts) =>
      Array.from({ length: 12 }, (_, i): SmallMask => {
        const mask = { image: i + 1, target: 1, prompts, pixels: 4, token: 2, predictedIou: 0.5 };
        return i % 4 === 0 ? { ...mask, ...own } : mask;
      }),
    );
  const withTurns = (side: Side, turn: number, ms: number): Side => {
    return { ...side, turns: Array.from({ length: 5 }, (_, round) => exampleTurn(round, turn, ms)) };
  };
  const a = withTurns(sideOfMasks(masks({})), 0, 40);
  const b = withTurns(sideOfMasks(masks({ pixels: 3, token: 1, predictedIou: 0.25 })), 1, 60);
  return compareRuns(a, [b], options)[0]!;
}

const lines = (text: string) => text.split("\n");

test("a comparison is one screen: the agreement, the verdict, the headline figures, latency, and what brings the rest", () => {
  const text = comparisonsText([nearlyAlike()], { width: 100 });
  expect(text).toMatchInlineSnapshot(`
    "A: sam-nano, sam-nano.safetensors (run sam-nano-de6bdcce9e56)
    B: sam-nano, sam-nano.safetensors (run sam-nano-de6bdcce9e56)
    shapes, 12 images in both

                            predicted  predicted                      pixels
                      same  IoU apart  IoU apart  mask IoU  mask IoU    that  left
    agreement   n    token       mean    largest      mean     least  differ   out
    ---------  --  -------  ---------  ---------  --------  --------  ------  ----
    box        12  75.00 %          0          0  0.937500  0.750000  1.6e-2     0
    1p         12  75.00 %          0          0  0.937500  0.750000  1.6e-2     0
    3p         12  75.00 %          0          0  0.937500  0.750000  1.6e-2     0
    all        36  75.00 %          0          0  0.937500  0.750000  1.6e-2     0

    no difference: none was shown between B and A.
    miou.box: the same on every image.
    miou.1p: the same on every image.
    miou.3p: the same on every image.
    encode: slower, +50.0 % (95 % interval +50.0 to +50.0; two measurements of A lie up to 0.0 % apart).
    decode: slower, +50.0 % (95 % interval +50.0 to +50.0; two measurements of A lie up to 0.0 % apart).

                 A     B   B − A  95 % interval
    figure       %     %  points         points  p, Holm   n
    --------  ----  ----  ------  -------------  -------  --
    miou.box  50.0  50.0     0.0     0.0 to 0.0    1.000  12
    miou.1p   50.0  50.0     0.0     0.0 to 0.0    1.000  12
    miou.3p   50.0  50.0     0.0     0.0 to 0.0    1.000  12

                A     B  B over A   95 % interval  A over A
    latency    ms    ms         %               %       ± %  rounds
    -------  ----  ----  --------  --------------  --------  ------
    prepare  5.00  5.00       0.0      0.0 to 0.0       0.0       5
    encode   40.0  60.0     +50.0  +50.0 to +50.0       0.0       5
    decode   4.00  6.00     +50.0  +50.0 to +50.0       0.0       5
    upscale  1.00  1.00       0.0      0.0 to 0.0       0.0       5
    total    44.0  66.0     +50.0  +50.0 to +50.0       0.0       5

    --wide: 9 targets that differ most, 6 more figures
    --notes: how figures are meant
    --out FOLDER: where masks differ, as pictures"
  `);
  expect(lines(text).length).toBeLessThanOrEqual(40);
});

test("--wide has the targets that differ, all figures with all columns, and categories; --notes says how they are meant", () => {
  const text = comparisonsText([nearlyAlike()], { width: 160, wide: true, notes: true });
  expect(text).toMatchInlineSnapshot(`
    "A: sam-nano, sam-nano.safetensors (run sam-nano-de6bdcce9e56)
    B: sam-nano, sam-nano.safetensors (run sam-nano-de6bdcce9e56)
    shapes, 12 images in both

                            predicted  predicted                      pixels
                      same  IoU apart  IoU apart  mask IoU  mask IoU    that  left
    agreement   n    token       mean    largest      mean     least  differ   out
    ---------  --  -------  ---------  ---------  --------  --------  ------  ----
    box        12  75.00 %          0          0  0.937500  0.750000  1.6e-2     0
    1p         12  75.00 %          0          0  0.937500  0.750000  1.6e-2     0
    3p         12  75.00 %          0          0  0.937500  0.750000  1.6e-2     0
    all        36  75.00 %          0          0  0.937500  0.750000  1.6e-2     0

    the targets that differ most:

                                                       pixels  token     predicted IoU
    prompts  image  target  category    mask IoU  that differ   A, B              A, B
    -------  -----  ------  ----------  --------  -----------  -----  ----------------
    box          1       1  category 1  0.750000            1   2, 1  0.50000, 0.25000
    1p           1       1  category 1  0.750000            1   2, 1  0.50000, 0.25000
    3p           1       1  category 1  0.750000            1   2, 1  0.50000, 0.25000
    box          5       1  category 1  0.750000            1   2, 1  0.50000, 0.25000
    1p           5       1  category 1  0.750000            1   2, 1  0.50000, 0.25000
    3p           5       1  category 1  0.750000            1   2, 1  0.50000, 0.25000
    box          9       1  category 1  0.750000            1   2, 1  0.50000, 0.25000
    1p           9       1  category 1  0.750000            1   2, 1  0.50000, 0.25000
    3p           9       1  category 1  0.750000            1   2, 1  0.50000, 0.25000

    no difference: none was shown between B and A.
    miou.box: the same on every image.
    miou.1p: the same on every image.
    miou.3p: the same on every image.
    encode: slower, +50.0 % (95 % interval +50.0 to +50.0; two measurements of A lie up to 0.0 % apart).
    decode: slower, +50.0 % (95 % interval +50.0 to +50.0; two measurements of A lie up to 0.0 % apart).

                 A     B   B − A  95 % interval  images higher, alike, lower  shown from
    figure       %     %  points         points                            %      points      p  p, Holm   n
    --------  ----  ----  ------  -------------  ---------------------------  ----------  -----  -------  --
    miou.box  50.0  50.0     0.0     0.0 to 0.0                  0 / 100 / 0         0.0  1.000    1.000  12
    miou.1p   50.0  50.0     0.0     0.0 to 0.0                  0 / 100 / 0         0.0  1.000    1.000  12
    miou.3p   50.0  50.0     0.0     0.0 to 0.0                  0 / 100 / 0         0.0  1.000    1.000  12

                       A     B   B − A  95 % interval  shown from
    figure             %     %  points         points      points      p  p, Holm   n
    --------------  ----  ----  ------  -------------  ----------  -----  -------  --
    miou.box.small  50.0  50.0     0.0     0.0 to 0.0         0.0  1.000    1.000  12
    ece.box          0.0   6.3    +6.3  −0.9 to +13.4        10.3  0.292    1.000  12
    miou.1p.small   50.0  50.0     0.0     0.0 to 0.0         0.0  1.000    1.000  12
    ece.1p           0.0   6.3    +6.3  −0.9 to +13.4        10.3  0.292    1.000  12
    miou.3p.small   50.0  50.0     0.0     0.0 to 0.0         0.0  1.000    1.000  12
    ece.3p           0.0   6.3    +6.3  −0.9 to +13.4        10.3  0.292    1.000  12

                A     B  B over A   95 % interval  A over A
    latency    ms    ms         %               %       ± %  rounds
    -------  ----  ----  --------  --------------  --------  ------
    prepare  5.00  5.00       0.0      0.0 to 0.0       0.0       5
    encode   40.0  60.0     +50.0  +50.0 to +50.0       0.0       5
    decode   4.00  6.00     +50.0  +50.0 to +50.0       0.0       5
    upscale  1.00  1.00       0.0      0.0 to 0.0       0.0       5
    total    44.0  66.0     +50.0  +50.0 to +50.0       0.0       5

    agreement: of A's masks and B's with each other, whatever the ground truth; two empty masks have IoU 1
    interval: jackknife by groups of images, the same groups of images for A and B
    p: by exchanging the results of A and B, image by image; Holm: of the protocols' headline figures (the first table) together, and of all others together; below
      0.05 counts as a difference
    if unpaired: half the interval's width had A and B been on other images
    shown from: the smallest difference that this many images show in 80 % of tries
    latency: A and B took turns in one session; medians over the rounds that both have, and their ratio; A over A: the noise floor, from A's own samples, drawn
      twice

    --out FOLDER: where masks differ, as pictures"
  `);
});

test("of detectors the same detection is shown, and no column of tokens", () => {
  const detector = { ...samTokens, tokensOf: () => ({ kind: "detections", why: "a detector has no tokens" }) as const };
  const side = (pixels: number, confidence: number) =>
    sideOfMasks([
      { image: 1, target: 1, pixels: 4, predictedIou: 0.5 },
      { image: 1, target: 2, pixels, predictedIou: confidence },
    ]);
  const [found] = compareRuns(side(4, 0.5), [side(1, 0.75)], { ...options, metrics: [], agreement: detector });
  expect(comparisonsText([found!], { width: 100, wide: true, notes: true })).toMatchInlineSnapshot(`
    "A: sam-nano, sam-nano.safetensors (run sam-nano-de6bdcce9e56)
    B: sam-nano, sam-nano.safetensors (run sam-nano-de6bdcce9e56)
    shapes, 1 image in both

                             mask IoU  mask IoU                      pixels
                       same  of these  of these  mask IoU  mask IoU    that  left
    agreement  n  detection      mean     least      mean     least  differ   out
    ---------  -  ---------  --------  --------  --------  --------  ------  ----
    box        2    50.00 %  1.000000  1.000000  0.625000  0.250000  9.4e-2     0

    the targets that differ most:

                                                       pixels        confidence
    prompts  image  target  category    mask IoU  that differ              A, B
    -------  -----  ------  ----------  --------  -----------  ----------------
    box          1       2  category 2  0.250000            3  0.50000, 0.75000

    not judged: A and B share no accuracy figure with enough images.

    agreement: of A's masks and B's with each other, whatever the ground truth; two empty masks have IoU
      1
    same detection: confidence within 0.0001 and IoU of the two masks over 0.5, or nothing found by
      either

    - tokens and predicted IoU are not compared: a detector has no tokens

    --out FOLDER: where masks differ, as pictures"
  `);
});

test("two comparisons stand one after the other, and what they leave out is said once", () => {
  const text = comparisonsText([nearlyAlike(), nearlyAlike()], { width: 100 });
  expect(lines(text).filter((line) => line.startsWith("A: "))).toHaveLength(2);
  expect(lines(text).slice(-3)).toEqual([
    "--wide: 18 targets that differ most, 12 more figures",
    "--notes: how figures are meant",
    "--out FOLDER: where masks differ, as pictures",
  ]);
  expect(lines(text).filter((line) => line.includes("--wide"))).toHaveLength(1);
});

test("a licence that restricts a side's weights stands below the comparison", () => {
  const { a, ...rest } = nearlyAlike();
  const terms = { name: "S-Lab License 1.0", summary: "non-commercial use only", url: "https://example.org/terms" };
  const text = comparisonsText([{ ...rest, a: { ...a, variant: "edgesam", weightsLicence: terms } }], { width: 160 });
  expect(text).toContain(
    "\n\nlicence: the weights that the authors of edgesam publish are under S-Lab License 1.0, non-commercial use only: https://example.org/terms\n",
  );
  expect(comparisonsText([nearlyAlike()])).not.toContain("licence:");
});

test("no line is wider than asked for, whatever is shown", () => {
  const { a, b } = simulatedSides(2, 40, -0.05);
  const simulated = compareRuns(a, [b], { ...options, agreement: noTokens })[0]!;
  for (const width of [80, 100, 120])
    for (const wide of [false, true]) {
      const text = comparisonsText([nearlyAlike(), simulated], { width, wide, notes: wide });
      expect(lines(text).filter((line) => line.length > width)).toEqual([]);
    }
});

test("a run without accuracy has no count of images", () => {
  const a = exampleSide({ ious: { box: [[0.5]] } });
  const [found] = compareRuns(a, [{ ...a, images: [], byPrompts: new Map() }], options);
  expect(lines(comparisonsText([found!]))[2]).toBe("shapes");
});

test("the targets that differ fit beside a long category, by a second table where they have to", () => {
  const masks = (pixels: number) => sideOfMasks([{ image: 4_294_967_295, target: 900_100_581_293, pixels }]);
  const categories = [{ id: 900_100_581_293, name: "a category of thirty letters.." }];
  const dataset = { categories, annotationsOf: () => [] };
  const [found] = compareRuns(masks(4), [masks(3)], { ...options, metrics: [], dataset });
  for (const [width, tables] of [
    [80, 2],
    [100, 2],
    [120, 1],
  ] as const) {
    const text = lines(comparisonsText([found!], { width, wide: true }));
    expect(text.filter((line) => line.length > width)).toEqual([]);
    expect(text.filter((line) => line.includes(" 900100581293"))).toHaveLength(tables);
  }
});
