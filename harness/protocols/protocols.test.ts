import { join } from "node:path";
import { expect, test } from "vitest";
import type { Candidates, Capability, MaskPrediction, PredictionRow, Prompt, Rle, Target } from "../api.ts";
import { readAnnotations } from "../coco/index.ts";
import { areaOf, boxOf, formatCounts, rleFromBox, rleFromCounts, union } from "../mask/index.ts";
import { cocoSizes, figuresOf, miou } from "../metrics/index.ts";
import { streamOf } from "../prompts/stream.ts";
import { shared } from "../shared.ts";
import { predictedIouOf } from "./choice.ts";
import { passesOf, promptPlan, promptsOf, protocolOf, protocols } from "./index.ts";

const ofMeanIou = protocols.filter(({ metrics: [first] }) => first === miou);

const size = { height: 120, width: 160 };

function targetOf(id: number, mask: Rle, given: Partial<Target> = {}): Target {
  const box = boxOf(mask) ?? { x0: 3, y0: 3, x1: 3, y1: 3 };
  return { id, image: 1 + (id % 2), category: 1, box, areaPx: areaOf(mask), crowd: false, mask, ...given };
}

/** A square, a ring, a crowd, a sliver annotated as less than a pixel, one whose polygon holds no pixel, a detector's box. */
const { mask: _, ...detection } = targetOf(6, rleFromBox({ x0: 20, y0: 20, x1: 70, y1: 90 }, size));
const targets: readonly Target[] = [
  targetOf(1, rleFromBox({ x0: 20, y0: 20, x1: 70, y1: 90 }, size), { box: { x0: 19.5, y0: 20, x1: 70, y1: 90 } }),
  targetOf(
    2,
    union(
      [
        [80, 20, 150, 30],
        [80, 90, 150, 100],
        [80, 20, 90, 100],
        [140, 20, 150, 100],
      ].map(rectangle),
    ),
  ),
  targetOf(3, union([rectangle([5, 5, 15, 15]), rectangle([5, 100, 15, 110])]), { crowd: true }),
  targetOf(4, rectangle([2, 2, 3, 3]), { areaPx: 0.4 }),
  targetOf(5, rleFromCounts([120 * 160], size), { areaPx: 3 }),
  detection,
];

function rectangle([x0, y0, x1, y1]: readonly number[]): Rle {
  return rleFromBox({ x0: x0!, y0: y0!, x1: x1!, y1: y1! }, size);
}

/** Stands for a model's answer to a prompt. */
type FakeModel = (
  prompt: Prompt<"image">,
  target: Target,
) => { masks: readonly Rle[]; predictedIou: readonly number[] };

/** Token 2 is the target itself, the surest of tokens 1 to 3; token 0, surer still, is the box of what is prompted. */
const knowing: FakeModel = (prompt, { mask, box }) => ({
  masks: [box, { x0: 0, y0: 0, x1: 1, y1: 1 }]
    .map((each) => rleFromBox(each, size))
    .concat(mask ?? [], rectangle([0, 0, 9, 9])),
  predictedIou: [0.95, 0.2, 0.9, 0.3 + prompt.points.length / 100],
});

/** The square of 21 px around the newest foreground point, or nothing. */
const nearsighted: FakeModel = ({ points }) => {
  const newest = points.filter(({ label }) => label === 1).at(-1);
  const around = newest && { x0: newest.x - 10, y0: newest.y - 10, x1: newest.x + 11, y1: newest.y + 11 };
  const mask = around === undefined ? rleFromCounts([120 * 160], size) : rleFromBox(clip(around), size);
  return { masks: [mask, mask, mask, mask], predictedIou: [0.5, 0.5, 0.5, 0.5] };
};

function clip({ x0, y0, x1, y1 }: Target["box"]): Target["box"] {
  return { x0: Math.max(x0, 0), y0: Math.max(y0, 0), x1: Math.min(x1, size.width), y1: Math.min(y1, size.height) };
}

interface Drive {
  readonly model: FakeModel;
  readonly over?: readonly Target[];
  readonly prompts?: string;
  readonly lacks?: readonly Capability[];
}

/** The loop of a run, without images: sampler, model, choice, row, and back. Decodes are counted. */
function drive(protocol: string, { model, over = targets, prompts, lacks = [] }: Drive) {
  const rows: PredictionRow[] = [];
  let decodes = 0;
  for (const planned of passesOf(promptPlan({ protocol, prompts }))) {
    for (const target of over.filter((each) => planned.protocol.includes(each))) {
      const { sampler, scored, choose } = planned.pass;
      const generator = sampler.prompts(target, streamOf(0, sampler, target));
      let step = generator.next();
      for (let number = 1; number <= scored.at(-1)!.step; number++) {
        if (step.done) throw new Error(`${sampler.id} ended at step ${number}`);
        const answer = decode(model, step.value, target, lacks);
        decodes++;
        const [choice] = choose(answer);
        const mask = answer.mask(choice!.token);
        const prompts = scored.find((each) => each.step === number)?.prompts;
        const context = {
          protocol: planned.protocol.id,
          target,
          prompts: prompts ?? "",
          number,
          answer,
          token: choice!.token,
        };
        if (prompts !== undefined) rows.push(rowOf(context, mask, planned.protocol.iou(mask, target.mask!)));
        step = generator.next({ mask, token: choice!.token });
      }
    }
  }
  return { rows, decodes };
}

function decode(model: FakeModel, prompt: Prompt<"image">, target: Target, lacks: readonly Capability[]): Candidates {
  const { masks, predictedIou } = model(prompt, target);
  const lowResLogits = { dims: [masks.length, 1, 1], data: new Float32Array(masks.length) };
  const prediction: MaskPrediction = { kind: "logits", lowResLogits, predictedIou: Float32Array.from(predictedIou) };
  const random = () => ({ next: () => 0 });
  return {
    target,
    prompt,
    prediction,
    lacks,
    mask: (token) => masks[token]!,
    stability: () => undefined,
    maskAbove: () => undefined,
    random,
  };
}

interface RowContext {
  readonly protocol: string;
  readonly target: Target;
  readonly prompts: string;
  readonly number: number;
  readonly answer: Candidates;
  readonly token: number;
}

function rowOf(
  { protocol, target, prompts, number, answer, token }: RowContext,
  mask: Rle,
  iou?: number,
): PredictionRow {
  const { points, box } = answer.prompt;
  return {
    image: target.image,
    target: target.id,
    category: target.category,
    areaPx: target.areaPx,
    crowd: target.crowd,
    prompts,
    protocol,
    step: number,
    token,
    predictedIou: predictedIouOf(answer.prediction, token),
    mask: { size: mask.size, counts: formatCounts(mask) },
    prompt: box === undefined ? { points } : { points, box },
    iou,
  };
}

const idsOf = (rows: readonly PredictionRow[], prompts: string) =>
  rows.filter((row) => row.prompts === prompts).map(({ target }) => target);

test.each([
  // Crowds in, less than a pixel out, the empty mask in: it can only score 0.
  ["miou-gtbox-argmax", [1, 2, 3, 5]],
  ["miou-ritm-clicks", [1, 2, 3, 5]],
  // Crowds out, whatever has a pixel in.
  ["miou-gtbox", [1, 2, 4]],
  ["miou-random-points", [1, 2, 4]],
  ["points-dt", [1, 2, 4]],
  ["miou-sam2-clicks", [1, 2, 4]],
  ["miou-edgesam", [1, 2, 4]],
  // Crowds in.
  ["miou-com-point", [1, 2, 3, 4]],
])("%s prompts the targets that its source does", (id, included) => {
  const { rows } = drive(id, { model: knowing });
  for (const prompts of promptsOf(protocolOf(id))) expect(idsOf(rows, prompts)).toEqual(included);
});

test("a protocol of mean IoU keeps token 0 where it looks at the single mask, else the most confident of tokens 1 to 3", () => {
  for (const { id, passes } of ofMeanIou) {
    const single = passes.every(({ looksAt }) => looksAt === "single mask");
    const { rows } = drive(id, { model: knowing });
    expect(new Set(rows.map(({ token }) => token))).toEqual(new Set([single ? 0 : 2]));
  }
  const single = ofMeanIou.filter(({ passes }) => passes.some(({ looksAt }) => looksAt === "single mask"));
  expect(single.map(({ id }) => id)).toContain("miou-edgesam");
});

test("token 0 takes part where a variant lacks the single-mask token", () => {
  const { rows } = drive("miou-gtbox", { model: knowing, lacks: ["single-mask-token"] });
  expect(rows.map(({ token, predictedIou }) => [token, predictedIou])).toEqual(Array(3).fill([0, Math.fround(0.95)]));
});

test("a right mask scores 1 by the plain rule and a little less with 1e-7 px in the union; the empty target scores 0", () => {
  expect(drive("miou-gtbox", { model: knowing }).rows.map(({ iou }) => iou)).toEqual([1, 1, 1]);
  const [square, , , empty] = drive("miou-gtbox-argmax", { model: knowing }).rows;
  expect(square!.iou).toBe(3500 / (3500 + 1e-7));
  expect(empty).toMatchObject({ target: 5, iou: 0 });
});

test("the box is the annotation's for miou-gtbox-argmax and the mask's for miou-gtbox", () => {
  expect(drive("miou-gtbox-argmax", { model: knowing }).rows[0]!.prompt.box!.x0).toBe(19.5);
  expect(drive("miou-gtbox", { model: knowing }).rows[0]!.prompt.box!.x0).toBe(20);
});

test("five clicks give rows at 1, 3 and 5 from five decodes, and fewer are the first of them", () => {
  const over = targets.slice(0, 1);
  const { rows, decodes } = drive("miou-ritm-clicks", { model: nearsighted, over });
  expect(decodes).toBe(5);
  expect(rows.map(({ prompts, step, prompt }) => [prompts, step, prompt.points.length])).toEqual([
    ["1c", 1, 1],
    ["3c", 3, 3],
    ["5c", 5, 5],
  ]);
  const fewer = drive("miou-ritm-clicks", { model: nearsighted, over, prompts: "3c" });
  expect(fewer.decodes).toBe(3);
  expect(fewer.rows).toEqual([rows[1]]);
});

test("nine centre points are nine decodes, and one more where the oracle is asked for", () => {
  const over = targets.slice(0, 1);
  const { rows, decodes } = drive("points-dt", { model: nearsighted, over });
  expect(decodes).toBe(9 + 1);
  expect(rows.map(({ prompts, prompt }) => [prompts, prompt.points.length])).toEqual([
    ...[1, 2, 3, 5, 9].map((count) => [`${count}dt`, count]),
    ["1dt-oracle", 1],
  ]);
});

test("EdgeSAM's rounds start from box or centre and add a point each while something is wrong", () => {
  const { rows } = drive("miou-edgesam", { model: nearsighted, over: targets.slice(1, 2) });
  expect(
    rows.map(({ prompts, step, prompt }) => [prompts, step, prompt.points.length, prompt.box !== undefined]),
  ).toEqual([
    ["box+0p", 1, 0, true],
    ["box+1p", 2, 1, true],
    ["box+2p", 3, 2, true],
    ["centre+0p", 1, 1, false],
    ["centre+1p", 2, 2, false],
    ["centre+2p", 3, 3, false],
  ]);
});

test("rows of a target are the same alone, in any order and beside any others", () => {
  for (const { id } of ofMeanIou) {
    const together = drive(id, { model: nearsighted }).rows.filter(({ target }) => target === 1);
    const reversed = drive(id, { model: nearsighted, over: [...targets].reverse() });
    expect(drive(id, { model: nearsighted, over: targets.slice(0, 1) }).rows).toEqual(together);
    expect(reversed.rows.filter(({ target }) => target === 1)).toEqual(together);
  }
});

test("rows become figures by size", () => {
  const { rows } = drive("miou-gtbox-argmax", { model: knowing });
  const figures = figuresOf(miou, { rows, images: [1, 2], sizes: cocoSizes }, { seed: 0 });
  // Areas: 3500, 2800, 200, 3.
  expect(figures.map(({ id, n }) => [id, n])).toEqual([
    ["miou", 4],
    ["small", 2],
    ["medium", 2],
  ]);
  expect(figures[0]!.value).toBeCloseTo(3 / 4, 8);
});

test("every protocol explains itself in a line, names its source and defines each prompts name once", () => {
  for (const { id, title, about, source, sizes } of protocols) {
    for (const text of [title, about, source]) expect(text).toMatch(/^\S[^\n]+\S$/);
    expect(sizes).toBe(cocoSizes);
    const names = promptsOf(protocolOf(id));
    expect(names).toEqual([...new Set(names)]);
    for (const { scored } of protocolOf(id).passes) {
      expect(scored.map(({ step }) => step)).toEqual(scored.map(({ step }) => step).toSorted((a, b) => a - b));
    }
  }
});

test.skipIf(shared === undefined).each<readonly ["coco" | "lvis", string, number]>([
  ["coco", "miou-gtbox-argmax", 822],
  ["coco", "miou-ritm-clicks", 822],
  ["coco", "miou-com-point", 822],
  ["coco", "miou-gtbox", 812],
  ["coco", "miou-random-points", 812],
  ["coco", "points-dt", 812],
  ["coco", "miou-sam2-clicks", 812],
  ["coco", "miou-edgesam", 812],
  // LVIS has no crowds.
  ...ofMeanIou.map(({ id }) => ["lvis", id, 336] as const),
])("of the real set's %s annotations %s includes %i", async (format, id, n) => {
  const file = await readAnnotations(join(shared!, "realset", `${format}.json`));
  const all = file.images.flatMap((image) => file.annotationsOf(image.id));
  expect(all.filter(protocolOf(id).includes).length).toBe(n);
});
