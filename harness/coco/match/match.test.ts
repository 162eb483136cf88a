import { expect, test } from "vitest";
import { table, truth } from "../fixtures/scene.ts";
import { evaluate } from "./evaluate.ts";
import { cocoRules, type EvaluationRules, lvisRules } from "./rules.ts";
import { onceEach, summarizer } from "./summarize.ts";

function figures(
  truthGiven: ReturnType<typeof truth>,
  detections: ReturnType<typeof table>,
  rules: EvaluationRules = cocoRules,
): Record<string, number | undefined> {
  const matches = evaluate({ truth: truthGiven, detections, type: "segm", rules });
  const values = summarizer(matches, truthGiven.categories).values(onceEach(matches));
  return Object.fromEntries(values.map(({ id, value }) => [id, value]));
}

const at = [10, 10, 10, 10] as const;
const elsewhere = [30, 10, 10, 10] as const;

test("a perfect detection has precision 1 at every threshold and recall", () => {
  const {
    AP,
    AP50,
    APs,
    APm,
    "AR-cat@1": recall,
  } = figures(truth([{ image: 1, at }]), table([{ image: 1, at, score: 0.5 }]));
  expect([AP, AP50, APs, recall]).toEqual(
    [1 - 2 ** -52, 1 - 2 ** -52, 1 - 2 ** -52, 1].map((value) => expect.closeTo(value, 12)),
  );
  expect(APm).toBeUndefined();
});

test("an IoU counts from its threshold on", () => {
  // 60 of 80 px: thresholds 0.5 to 0.75, six of ten.
  const { AP, AP75 } = figures(
    truth([{ image: 1, at: [10, 10, 10, 8] }]),
    table([{ image: 1, at: [10, 10, 10, 6], score: 1 }]),
  );
  expect([AP, AP75]).toEqual([expect.closeTo(0.6, 12), expect.closeTo(1, 12)]);
});

test.each([
  ["half", [10, 10, 10, 5], 0.1],
  ["twice", [10, 10, 10, 20], 0.1],
  ["less than half", [10, 10, 7, 7], 0],
] as const)("a detection of %s the area reaches the lowest threshold or none", (_, found, AP) => {
  expect(figures(truth([{ image: 1, at }]), table([{ image: 1, at: found, score: 1 }])).AP).toBeCloseTo(AP, 12);
});

test("a mistake of a higher score halves the precision, one of a lower score does not", () => {
  const one = truth([{ image: 1, at }]);
  const before = figures(
    one,
    table([
      { image: 1, at: elsewhere, score: 0.9 },
      { image: 1, at, score: 0.5 },
    ]),
  );
  const after = figures(
    one,
    table([
      { image: 1, at: elsewhere, score: 0.4 },
      { image: 1, at, score: 0.5 },
    ]),
  );
  expect([before.AP50, after.AP50]).toEqual([expect.closeTo(0.5, 12), expect.closeTo(1, 12)]);
});

test("of equal scores, the one that came first in the file is first", () => {
  const one = truth([{ image: 1, at }]);
  const wrongFirst = figures(
    one,
    table([
      { image: 1, at: elsewhere, score: 0.5 },
      { image: 1, at, score: 0.5 },
    ]),
  );
  const rightFirst = figures(
    one,
    table([
      { image: 1, at, score: 0.5 },
      { image: 1, at: elsewhere, score: 0.5 },
    ]),
  );
  expect([wrongFirst.AP50, rightFirst.AP50]).toEqual([expect.closeTo(0.5, 12), expect.closeTo(1, 12)]);
});

test("a crowd takes any number of detections and is nothing to be found", () => {
  const crowd = truth([
    { image: 1, at, crowd: true },
    { image: 1, at: elsewhere },
  ]);
  const inside = [1, 2, 3].map((x) => ({ image: 1, at: [10 + x, 10, 3, 3] as const, score: 0.9 }));
  expect(figures(crowd, table([...inside, { image: 1, at: elsewhere, score: 0.5 }])).AP).toBeCloseTo(1, 12);
  expect(figures(truth([{ image: 1, at, crowd: true }]), table([{ image: 1, at, score: 0.5 }])).AP).toBeUndefined();
});

test("what is outside a size is neither to be found nor a mistake", () => {
  const small = truth([
    { image: 1, at },
    { image: 1, at: elsewhere, areaPx: 2000 },
  ]);
  const both = table([
    { image: 1, at, score: 0.5 },
    { image: 1, at: elsewhere, score: 0.9 },
  ]);
  const { APs, APm, APl } = figures(small, both);
  expect([APs, APm, APl]).toEqual([expect.closeTo(1, 12), expect.closeTo(1, 12), undefined]);
});

test("an annotation on a border of two sizes is in both", () => {
  const { APs, APm } = figures(truth([{ image: 1, at, areaPx: 1024 }]), table([{ image: 1, at, score: 0.5 }]));
  expect([APs, APm]).toEqual([expect.closeTo(1, 12), expect.closeTo(1, 12)]);
});

test("only the best 100 detections of a category in an image count", () => {
  const wrong = Array.from({ length: 100 }, () => ({ image: 1, at: elsewhere, score: 0.9 }));
  const found = figures(truth([{ image: 1, at }]), table([...wrong, { image: 1, at, score: 0.5 }]));
  expect([found.AP, found["AR-cat@100"]]).toEqual([0, 0]);
});

test("annotation 0 takes a detection and counts as no match, as in pycocotools", () => {
  const zero = truth([{ image: 1, at, id: 0 }]);
  const found = table([{ image: 1, at, score: 0.5 }]);
  expect(figures(zero, found).AP).toBe(0);
  expect(figures({ ...zero, idZeroIsNoMatch: false }, found).AP).toBeCloseTo(1, 12);
});

const categories = [
  { id: 1, name: "cup", frequency: "rare" },
  { id: 2, name: "mug", frequency: "frequent" },
] as const;
const lists =
  (negative: readonly number[], notExhaustive: readonly number[] = []) =>
  () => {
    return { negative: new Set(negative), notExhaustive: new Set(notExhaustive) };
  };

test("LVIS: a detection of a category that is neither shown nor known to be absent is left out", () => {
  const given = [
    { image: 1, category: 1, at },
    { image: 2, category: 2, at },
  ];
  const found = table([
    { image: 1, category: 2, at, score: 0.9 },
    { image: 2, category: 2, at, score: 0.5 },
    { image: 1, category: 1, at, score: 0.5 },
  ]);
  const unknown = figures(truth(given, { categories, lists: lists([]) }), found, lvisRules);
  expect([unknown.APr, unknown.APc, unknown.APf]).toEqual([expect.closeTo(1, 12), undefined, expect.closeTo(1, 12)]);
  const absent = figures(truth(given, { categories, lists: lists([2]) }), found, lvisRules);
  expect([absent.APr, absent.APf]).toEqual([expect.closeTo(1, 12), expect.closeTo(0.5, 12)]);
});

test("LVIS: an unmatched detection of a category that is not annotated exhaustively is no mistake", () => {
  const given = [{ image: 1, category: 1, at }];
  const found = table([
    { image: 1, at: elsewhere, score: 0.9 },
    { image: 1, at, score: 0.5 },
  ]);
  expect(figures(truth(given, { categories, lists: lists([]) }), found, lvisRules).AP).toBeCloseTo(0.5, 12);
  expect(figures(truth(given, { categories, lists: lists([], [1]) }), found, lvisRules).AP).toBeCloseTo(1, 12);
});

test("LVIS: an ignored annotation is neither to be found nor a mistake to find, but only once; COCO does not know it", () => {
  const found = table([
    { image: 1, at: elsewhere, score: 0.9 },
    { image: 1, at: elsewhere, score: 0.8 },
    { image: 1, at, score: 0.5 },
  ]);
  const given = truth(
    [
      { image: 1, at },
      { image: 1, at: elsewhere, ignored: true },
    ],
    { categories, lists: lists([]) },
  );
  // By LVIS: the first takes the ignored one, the second is a mistake before the hit. By COCO both are to be found.
  expect(figures(given, found, lvisRules).AP).toBeCloseTo(0.5, 12);
  expect(figures(given, found, cocoRules).AP).toBeCloseTo((51 + 50 * (2 / 3)) / 101, 12);
});

test("LVIS has no crowds: an annotation marked as one is to be found", () => {
  const given = truth([{ image: 1, at, crowd: true }], { categories, lists: lists([]) });
  expect(figures(given, table([{ image: 1, at, score: 0.5 }]), lvisRules).AP).toBeCloseTo(1, 12);
  expect(figures(given, table([{ image: 1, at, score: 0.5 }]), cocoRules).AP).toBeUndefined();
});

test("LVIS: only the best 300 detections of an image count, whatever their categories", () => {
  const wrong = Array.from({ length: 300 }, () => ({ image: 1, category: 2, at, score: 0.9 }));
  const given = truth([{ image: 1, category: 1, at }], { categories, lists: lists([]) });
  const right = { image: 1, category: 1, at, score: 0.5 };
  expect(figures(given, table([...wrong.slice(1), right]), lvisRules).AP).toBeCloseTo(1, 12);
  expect(figures(given, table([...wrong, right]), lvisRules).AP).toBe(0);
});

test("LVIS's rules need LVIS's lists", () => {
  expect(() => figures(truth([{ image: 1, at }]), table([]), lvisRules)).toThrow(
    /no negative and not-exhaustive lists/,
  );
});
