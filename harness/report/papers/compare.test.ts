import { expect, test } from "vitest";
import type { RunReport } from "../../results/report.ts";
import { type Comparison, compareWithPaper } from "./compare.ts";
import {
  accuracyTable,
  detectorTable,
  efficiencyTable,
  exampleContext,
  exampleReport,
  latency,
  score,
} from "./fixtures/comparison.ts";
import { ourFigure } from "./ourFigure.ts";
import { comparisonRecords } from "./records.ts";
import { evaluationSets, extentOf } from "./sets.ts";

const boxReport = (over: Partial<RunReport> = {}) =>
  exampleReport("sam-vit-h", { prompts: { box: { protocol: "miou-gtbox", miou: score(0.783, 0.005) } }, ...over });

function cell({ rows }: Comparison, system: string, column: string) {
  return rows.find((row) => row.system === system)!.cells[column]!;
}

test("a run of the same variant, protocol, prompts, metric and size fills its cell in the column's unit", () => {
  const compared = compareWithPaper(accuracyTable, exampleContext([boxReport()]));
  const { ours, difference, fill } = cell(compared, "SAM", "box");
  expect(ours).toMatchObject({ run: "sam-vit-h-0123456789ab", n: 36_335, images: 5000, extent: "whole" });
  expect([ours!.value, ours!.low, ours!.high].map((value) => value!.toFixed(3))).toEqual([
    "78.300",
    "77.800",
    "78.800",
  ]);
  expect(difference).toBeCloseTo(-0.1, 12);
  expect(fill).toBeUndefined();
  expect(compared.runs.map(({ id }) => id)).toEqual(["sam-vit-h-0123456789ab"]);
});

test("another protocol of the same prompts, another size or another variant fills nothing", () => {
  const others = [
    boxReport({ prompts: { box: { protocol: "miou-gtbox-argmax", miou: score(0.783, 0.005) } } }),
    boxReport({ prompts: { box: { protocol: "miou-gtbox", small: score(0.783, 0.005) } } }),
    boxReport({ prompts: { "3p": { protocol: "miou-random-points", miou: score(0.7, 0.005) } } }),
    exampleReport("sam-vit-b", { prompts: { box: { protocol: "miou-gtbox", miou: score(0.783, 0.005) } } }),
  ];
  const compared = compareWithPaper(accuracyTable, exampleContext(others));
  expect(compared.rows.flatMap(({ cells }) => Object.values(cells).filter(({ ours }) => ours))).toEqual([]);
});

test("another data set fills nothing, a larger one of the same kind neither; a part is marked", () => {
  const filled = (over: Partial<RunReport>) =>
    cell(compareWithPaper(accuracyTable, exampleContext([boxReport(over)])), "SAM", "box").ours?.extent;
  expect(filled({ dataset: "lvis" })).toBeUndefined();
  expect(filled({ images: { finished: 118_287, failed: 0, planned: 118_287 } })).toBeUndefined();
  expect(filled({ images: { finished: 98, failed: 0, planned: 98 } })).toBe("part");
  expect(filled({ images: { finished: 4000, failed: 0, planned: 5000 } })).toBe("part");
  expect(filled({ images: { finished: 4952, failed: 0, planned: 4952 } })).toBe("whole");
});

test("average precision is of the whole set only with the images that have no annotation", () => {
  const coco = evaluationSets["coco-val2017"]!;
  const annotated = { finished: 4952, planned: 4952 };
  expect([extentOf(coco, annotated, "annotated"), extentOf(coco, annotated, "images")]).toEqual(["whole", "part"]);
  expect(extentOf(coco, { finished: 5000, planned: 5000 }, "images")).toBe("whole");
  const column = { protocol: "ap-vitdet-argmax", prompt: "det", metric: "ap", dataset: "coco-val2017" };
  const report = (finished: number) =>
    boxReport({
      prompts: { det: { protocol: "ap-vitdet-argmax", AP: score(0.46, 0.005) } },
      images: { finished, failed: 0, planned: finished },
    });
  const extent = (finished: number) =>
    ourFigure("sam-vit-h", column, { reports: [report(finished)], unit: "%" })?.extent;
  expect([extent(4952), extent(5000)]).toEqual(["part", "whole"]);
});

test("of several runs the one on all images counts, then the finished, then the newest", () => {
  const part = boxReport({ id: "part", createdAt: "2024-06-03", images: { finished: 98, failed: 0, planned: 98 } });
  const old = boxReport({ id: "old", createdAt: "2024-06-01" });
  const young = boxReport({ id: "young", createdAt: "2024-06-02" });
  const running = boxReport({ id: "running", createdAt: "2024-06-04", status: "running" });
  const chosen = (...reports: readonly RunReport[]) =>
    cell(compareWithPaper(accuracyTable, exampleContext(reports)), "SAM", "box").ours?.run;
  expect(chosen(young, part, old, running)).toBe("young");
  expect(chosen(part, running)).toBe("running");
});

test("open cells name the command that fills them, as few as there can be, and why others stay open", () => {
  const compared = compareWithPaper(accuracyTable, exampleContext([boxReport()]));
  expect(cell(compared, "SAM", "click").fill).toBe(1);
  expect(cell(compared, "MobileSAM", "box").fill).toBe(1);
  expect(cell(compared, "Another", "box").fill).toBeUndefined();
  expect(cell(compared, "SAM", "other").fill).toBeUndefined();
  expect(compared.fills).toEqual([
    {
      command:
        "bench run --variants sam-vit-h,mobilesam --checkpoint sam-vit-h=FILE --checkpoint mobilesam=FILE --dataset coco --data FOLDER --protocol miou-random-points,miou-gtbox --prompts 1p,box",
      remarks: ["FOLDER: the images and annotations of COCO val2017"],
    },
  ]);
  expect(compared.closed).toEqual([
    "no run fills cells of protocol miou-elsewhere: this sam-bench does not measure it",
  ]);
});

test("a variant that is not here, and another folder of runs, are said with the command", () => {
  const context = exampleContext([], { variants: new Set(["sam-vit-h"]), results: "mine" });
  const [fill] = compareWithPaper(accuracyTable, context).fills;
  expect(fill!.command).toMatch(/ --results mine$/);
  expect(fill!.remarks).toContain("this sam-bench has no variant mobilesam");
});

test("latency and memory stand beside another machine's without a difference; parameters have one", () => {
  const large = exampleReport("sam-vit-h", {
    latency: latency(4000, 40),
    parameters: 641_090_608,
    modelMemory: { load: 3e9, encode: 5.73e9, decode: 4e9 },
  });
  // Latency does not hang on the images, so the drawn scenes will do.
  const small = exampleReport("mobilesam", {
    latency: latency(380, 24),
    dataset: "shapes",
    modelMemory: { load: 1, encode: 620e6, decode: 2 },
  });
  const compared = compareWithPaper(efficiencyTable, exampleContext([large, small]));
  expect(cell(compared, "SAM", "encode_ms").ours).toMatchObject({ value: 4000, low: 3600, high: 4400, n: 20 });
  expect(cell(compared, "SAM", "encode_ms").difference).toBeUndefined();
  expect(cell(compared, "SAM", "memory")).toMatchObject({ unit: "GB", ours: { value: 5.73 } });
  expect(cell(compared, "MobileSAM", "memory")).toMatchObject({ unit: "MB", ours: { value: 620 } });
  expect(cell(compared, "MobileSAM", "speedup").ours!.value).toBeCloseTo(4040 / 404, 12);
  expect(cell(compared, "SAM", "params").difference).toBeCloseTo(0.090608, 9);
  expect(cell(compared, "MobileSAM", "params").fill).toBe(1);
  expect(compared.fills[0]!.command).toBe("bench run --variants mobilesam --weights seeded");
});

test("a speed-up is formed under the same conditions only", () => {
  const large = exampleReport("sam-vit-h", { latency: latency(4000, 40) });
  const conditions = { ...large.conditions, threads: 1 };
  const small = exampleReport("mobilesam", { latency: latency(380, 24), conditions });
  expect(
    cell(compareWithPaper(efficiencyTable, exampleContext([large, small])), "MobileSAM", "speedup").ours,
  ).toBeUndefined();
});

test("whose boxes a run had is taken from the user, row by row", () => {
  const report = exampleReport("sam-vit-h", {
    prompts: { "det-samiou": { protocol: "ap-detector-samiou", AP: score(0.4, 0.01) } } as RunReport["prompts"],
  });
  const filled = (detector?: string) =>
    compareWithPaper(detectorTable, exampleContext([report], detector === undefined ? {} : { detector })).rows.map(
      ({ cells }) => cells.AP!.ours?.value,
    );
  expect(filled()).toEqual([undefined, undefined]);
  expect(filled("YOLOX-l")).toEqual([40, undefined]);
  expect(filled("R50")).toEqual([undefined, 40]);
  const { fills } = compareWithPaper(detectorTable, exampleContext([report]));
  expect(fills.map(({ remarks }) => remarks[1])).toEqual([
    'DETECTIONS.json: of YOLOX-l; after it, bench table --paper with --detector "YOLOX-l"',
    'DETECTIONS.json: of R50; after it, bench table --paper with --detector "R50"',
  ]);
});

test("records are one a published value, with what stands beside it", () => {
  const [names, ...records] = comparisonRecords(compareWithPaper(accuracyTable, exampleContext([boxReport()])));
  expect(records).toHaveLength(6);
  const named = Object.fromEntries(names!.map((name, i) => [name, records[0]![i]]));
  expect(named).toMatchObject({
    table: "example-accuracy",
    system: "SAM",
    configuration: "ViT-H",
    column: "box",
    unit: "%",
    published: 78.4,
    variant: "sam-vit-h",
    n: 36_335,
    images: 5000,
    extent: "whole",
    protocol: "miou-gtbox",
    command: undefined,
  });
});
