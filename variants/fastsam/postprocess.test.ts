import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { Box, NamedTensors, Point, Prompt, Size } from "../../harness/api.ts";
import { geometryOf, toModelFrame } from "../../harness/image/index.ts";
import { areaOf, decodeRle, encodeRle, formatCounts } from "../../harness/mask/index.ts";
import { seededTensor } from "../../harness/weights/index.ts";
import { choose, type Everything } from "./choice.ts";
import { detect, toNearBorder } from "./detections.ts";
import { everythingIn } from "./load.ts";
import { masksOf } from "./masks.ts";

interface Case {
  readonly name: string;
  readonly image: Size;
  readonly side: number;
  readonly fit: string;
  readonly frame: Size;
  /** Lists of centre x, centre y, width and height, in the frame. */
  readonly boxes: readonly [readonly number[], readonly number[], readonly number[], readonly number[]];
  readonly scores: readonly number[];
  readonly kept: readonly number[];
  readonly imageBoxes: readonly (readonly [number, number, number, number])[];
  readonly masks: readonly string[];
  readonly byBox: readonly { readonly box: readonly [number, number, number, number]; readonly chosen: number }[];
  readonly byPoints: readonly {
    readonly points: readonly (readonly [number, number, 0 | 1])[];
    readonly mask: string;
  }[];
}

const { cases } = JSON.parse(
  readFileSync(fileURLToPath(new URL("fixtures/postprocess.json", import.meta.url)), "utf8"),
) as { readonly cases: readonly Case[] };

describe.each(cases.map((each) => [each.name, each.fit, each] as const))(
  "%s in a frame that is %s, as the authors' predictor",
  (_, fit, expected) => {
    const letterbox = { side: expected.side, fit: "letterbox" } as const;
    const geometry = geometryOf(expected.image, fit === "square" ? letterbox : { ...letterbox, multipleOf: 32 });
    const outputs = outputsOf(expected);
    const everything = everythingIn(outputs, geometry);

    test("the frame is theirs", () => {
      expect(geometry.frame).toEqual(expected.frame);
    });

    test("the same detections stay, with the same boxes", () => {
      const detections = detect(outputs, geometry);
      const masks = masksOf(detections, outputs as { prototypes: never; coefficients: never }, geometry);
      const kept = detections.filter((_, i) => areaOf(masks[i]!) > 0);
      expect(kept.map(({ anchor }) => anchor)).toEqual(expected.kept);
      for (const [i, { box }] of kept.entries())
        for (const [k, value] of [box.x0, box.y0, box.x1, box.y1].entries())
          expect(value).toBeCloseTo(expected.imageBoxes[i]![k]!, 2);
    });

    test("the masks are the same in every pixel", () => {
      expect(everything.masks.map(formatCounts)).toEqual(expected.masks);
    });

    test("a box chooses the same mask", () => {
      for (const { box, chosen } of expected.byBox) {
        const [x0, y0, x1, y1] = box;
        const prediction = chosenBy(everything, { frame: "image", points: [], box: { x0, y0, x1, y1 } });
        expect(prediction.masks).toEqual([everything.masks[chosen]]);
        expect(prediction.scores).toEqual(Float32Array.of(everything.scores[chosen]!));
      }
    });

    test("points choose the same pixels", () => {
      for (const { points, mask } of expected.byPoints) {
        const prompt = { frame: "image", points: points.map(([x, y, label]) => ({ x, y, label })) } as const;
        expect(chosenBy(everything, prompt).masks.map(formatCounts)).toEqual([mask]);
      }
    });
  },
);

describe("detections", () => {
  const size = { height: 1024, width: 1024 };
  const geometry = geometryOf(size, { side: 1024, fit: "letterbox" });

  test("a score of exactly the confidence is too low, and equal scores stay in the network's order", () => {
    const score = [Math.fround(0.4), 0.41, 0.5, 0.5];
    const boxes = [100, 300, 500, 700].map((x) => [x, 100, 50, 50]);
    const found = detect(tensors(boxes, score), geometry);
    expect(found.map(({ anchor }) => anchor)).toEqual([2, 3, 1]);
  });

  test("a box is suppressed by a better one that it overlaps by more than 0.9", () => {
    const boxes = [
      [200, 200, 100, 100],
      [200, 200, 100, 91],
      [200, 200, 100, 89],
    ];
    expect(detect(tensors(boxes, [0.9, 0.8, 0.7]), geometry).map(({ anchor }) => anchor)).toEqual([0, 2]);
  });

  test("300 stay at most", () => {
    const boxes = Array.from({ length: 400 }, (_, i) => [30 + (i % 20) * 48, 30 + Math.floor(i / 20) * 48, 20, 20]);
    const found = detect(
      tensors(
        boxes,
        Array.from({ length: 400 }, (_, i) => 0.5 + i / 1000),
      ),
      geometry,
    );
    expect(found.map(({ anchor }) => anchor)).toEqual(Array.from({ length: 300 }, (_, i) => 399 - i));
  });

  test("sides within 20 px of a border are drawn to it, and what covers nearly all becomes all", () => {
    const frame = { width: 640, height: 480 };
    const drawn = toNearBorder({ x0: 19, y0: 20, x1: 300, y1: 461 }, frame);
    expect(drawn).toEqual({ x0: 0, y0: 20, x1: 300, y1: 480 });
    const whole = { x0: 0, y0: 0, x1: 640, y1: 480 };
    expect(toNearBorder({ x0: 5, y0: 30, x1: 639, y1: 470 }, frame)).toEqual(whole);
    expect(toNearBorder({ x0: 5, y0: 60, x1: 639, y1: 470 }, frame)).not.toEqual(whole);
  });
});

describe("choice", () => {
  const size = { height: 4, width: 6 };
  const geometry = geometryOf(size, { side: 96, fit: "letterbox" });
  const rows = (...lines: readonly string[]) => encodeRle(Uint8Array.from(lines.join(""), Number), size);
  const large = rows("111100", "111100", "111100", "000000");
  const inner = rows("000000", "011000", "011000", "000000");
  const other = rows("000000", "000000", "000110", "000011");
  const everything: Everything = {
    masks: [inner, other, large],
    scores: Float32Array.of(0.9, 0.8, 0.5),
    geometry,
  };

  test("a background point takes its masks away from what larger ones gave, and not from what smaller ones give", () => {
    expect(pointed([0, 0, 1], [5, 3, 0])).toEqual(["111100", "111100", "111000", "000000"]);
    expect(pointed([1, 1, 1], [0, 0, 0])).toEqual(["000000", "011000", "011000", "000000"]);
    expect(pointed([0, 0, 1], [5, 3, 1])).toEqual(["111100", "111100", "111110", "000011"]);
  });

  test("the score of points is the highest of the masks that they added", () => {
    const points = [
      { x: 0, y: 0, label: 1 },
      { x: 5, y: 3, label: 1 },
    ] as const;
    expect(chosenBy(everything, { frame: "image", points }).scores).toEqual(Float32Array.of(0.8));
  });

  test("a point outside of all masks chooses an empty one, with score 0", () => {
    const prediction = chosenBy(everything, { frame: "image", points: [{ x: 5, y: 0, label: 1 }] });
    expect(prediction.masks.map(areaOf)).toEqual([0]);
    expect(prediction.scores).toEqual(Float32Array.of(0));
  });

  test("points outside the image count as its border", () => {
    expect(pointed([-2, -7, 1])).toEqual(pointed([0, 0, 1]));
    expect(pointed([6, 4, 1])).toEqual(pointed([5, 3, 1]));
  });

  test("a box over none of the masks chooses the most confident", () => {
    const box = { x0: 4, y0: 0, x1: 6, y1: 2 };
    expect(chosenBy(everything, { frame: "image", points: [], box }).masks).toEqual([inner]);
  });

  test("a box without a pixel chooses the most confident", () => {
    const box = { x0: 2.2, y0: 1, x1: 2.4, y1: 3 };
    expect(chosenBy(everything, { frame: "image", points: [], box }).masks).toEqual([inner]);
  });

  test("an image without masks has none to choose", () => {
    const none = { masks: [], scores: new Float32Array(0), geometry };
    expect(chosenBy(none, { frame: "image", points: [{ x: 1, y: 1, label: 1 }] }).masks).toEqual([]);
  });

  const box: Box = { x0: 0, y0: 0, x1: 2, y1: 2 };
  const point: Point = { x: 1, y: 1, label: 1 };
  test.each<[string, Prompt<"image">, string]>([
    ["a box and points", { frame: "image", points: [point], box }, "no rule for a prompt with a box and points"],
    ["nothing", { frame: "image", points: [] }, "has neither a box nor a point"],
    [
      "a mask",
      { frame: "image", points: [], box, mask: { dims: [1, 1, 1], data: new Float32Array(1) } },
      "no rule for a prompt with a mask",
    ],
  ])("a prompt with %s is refused", (_, prompt, message) => {
    expect(() => chosenBy(everything, prompt)).toThrow(message);
  });

  function pointed(...points: readonly (readonly [number, number, 0 | 1])[]): string[] {
    const prompt = { frame: "image", points: points.map(([x, y, label]) => ({ x, y, label })) } as const;
    const bitmap = decodeRle(chosenBy(everything, prompt).masks[0]!);
    return [0, 1, 2, 3].map((row) => bitmap.slice(row * 6, row * 6 + 6).join(""));
  }
});

function chosenBy(everything: Everything, prompt: Prompt<"image">) {
  const prediction = choose(everything, toModelFrame(prompt, everything.geometry));
  if (prediction.kind !== "masks") throw new Error("masks expected");
  return prediction;
}

/** Returns the case's boxes and scores, with prototypes and coefficients that follow from its name and size. */
function outputsOf({ name, frame, boxes, scores }: Case): NamedTensors {
  const anchors = scores.length;
  const rows = frame.height / 4;
  const columns = frame.width / 4;
  const prototypes = Float32Array.from({ length: 32 * rows * columns }, (_, i) => {
    const k = Math.floor(i / (rows * columns));
    const row = Math.floor(i / columns) % rows;
    const column = i % columns;
    return Math.sin((0.11 + 0.013 * k) * column + (0.17 - 0.009 * k) * row + k);
  });
  const coefficients = seededTensor(`${name}.coefficients.pos_embed`, [32, anchors]).map((value) => 2 * value);
  return {
    boxes: { dims: [1, 4, anchors], data: Float32Array.from(boxes.flat()) },
    scores: { dims: [1, 1, anchors], data: Float32Array.from(scores) },
    coefficients: { dims: [1, 32, anchors], data: coefficients },
    prototypes: { dims: [1, 32, rows, columns], data: prototypes },
  };
}

/** Returns the network's outputs for boxes that are given by centre and size. */
function tensors(boxes: readonly (readonly number[])[], scores: readonly number[]): NamedTensors {
  const rows = [0, 1, 2, 3].map((row) => boxes.map((box) => box[row]!));
  return {
    boxes: { dims: [1, 4, boxes.length], data: Float32Array.from(rows.flat()) },
    scores: { dims: [1, 1, boxes.length], data: Float32Array.from(scores) },
  };
}
