import { expect, test } from "vitest";
import type { RgbImage } from "../../../../api.ts";
import { HarnessError } from "../../../../errors.ts";
import { rleFromBox } from "../../../../mask/index.ts";
import type { AskedPrompt, ClickedModel, ServedModel } from "../../contract.ts";
import { noPrompt, withBox, withPoint } from "../prompt/edit.ts";
import { ModelSeat } from "./seat.ts";
import { Turns } from "./turns.ts";

const model: ServedModel = {
  name: "sam-nano",
  title: "SAM nano",
  place: "page",
  downloadBytes: 10,
  weights: { source: "nano.safetensors", seeded: false },
  takes: { points: true, box: false, maxPoints: 2 },
  runWords: "sam-nano",
};

const photo: RgbImage = { size: { height: 2, width: 2 }, pixels: new Uint8Array(12) };
const one = withPoint(noPrompt, { x: 0, y: 0, label: 1 });
const two = withPoint(one, { x: 1, y: 1, label: 1 });

interface Trial {
  readonly seat: ModelSeat;
  readonly asked: string[];
  readonly turns: Turns;
}

/** A seat whose model writes down what it is asked. `fails` throws where a question is to fail. */
function trial(fails: (asked: string) => void = () => undefined, turns = new Turns(2), changed = () => {}): Trial {
  const asked: string[] = [];
  const answer = async <T>(question: string, value: T) => {
    asked.push(question);
    fails(question);
    return value;
  };
  const open = (): ClickedModel => ({
    load: () => answer("load", { loadMs: 1, threads: 1 }),
    encode: ({ size }) => answer(`encode ${size.width}`, { prepareMs: 1, encodeMs: 2 }),
    decode: ({ points }) => {
      const mask = rleFromBox({ x0: 0, y0: 0, x1: points.length, y1: 1 }, photo.size);
      return answer(`decode ${points.length}`, { tokens: [{ mask }], chosen: 0, decodeMs: 1, upscaleMs: 1 });
    },
    close: () => void asked.push("close"),
  });
  return { seat: new ModelSeat(model, { open, turns, changed }), asked, turns };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

test("the present prompt is asked first, then those before it, and none twice", async () => {
  const { seat, asked } = trial();
  seat.want({ photo, prompts: [two, one, noPrompt] });
  await settled();
  expect(asked).toEqual(["load", "encode 2", "decode 2", "decode 1"]);
  seat.want({ photo, prompts: [one, noPrompt] });
  await settled();
  expect(asked).toHaveLength(4);
  expect(seat.answerTo(one)!.tokens[0]!.mask.counts[1]).toBe(1);
  expect(seat.state.kind).toBe("idle");
});

test("a seat that is told the same again has nothing to tell", async () => {
  let changes = 0;
  const { seat } = trial(undefined, new Turns(2), () => changes++);
  seat.want({ photo, prompts: [one] });
  await settled();
  const before = changes;
  seat.want({ photo, prompts: [one] });
  await settled();
  expect(changes).toBe(before);
});

test("another photo is encoded, and answers to the last are forgotten", async () => {
  const { seat, asked } = trial();
  seat.want({ photo, prompts: [one] });
  await settled();
  const other = { size: { height: 2, width: 3 }, pixels: new Uint8Array(18) };
  seat.want({ photo: other, prompts: [one] });
  expect(seat.encoded).toBeUndefined();
  expect(seat.answerTo(one)).toBeUndefined();
  await settled();
  expect(asked.slice(3)).toEqual(["encode 3", "decode 1"]);
});

test("a prompt that the model does not take is not asked, and the page is told why", async () => {
  const { seat, asked } = trial();
  const boxed = withBox(one, { x0: 0, y0: 0, x1: 1, y1: 1 });
  const three = withPoint(two, { x: 0, y: 1, label: 0 });
  seat.want({ photo, prompts: [boxed, three] });
  await settled();
  expect(asked).toEqual(["load", "encode 2"]);
  expect(seat.misfit(boxed)).toContain("takes no box");
  expect(seat.misfit(three)).toBe("This model takes 2 points at most.");
});

test("a model that fails says why, is closed, and can be opened again", async () => {
  let isBroken = true;
  const { seat, asked } = trial((question) => {
    if (isBroken && question.startsWith("encode"))
      throw new HarnessError("the connection to the harness is lost", { hint: "is bench serve still running?" });
  });
  const prompts: readonly AskedPrompt[] = [one];
  seat.want({ photo, prompts });
  await settled();
  expect(seat.state).toEqual({
    kind: "failed",
    sentence: "the connection to the harness is lost. Is bench serve still running?",
  });
  seat.want({ photo, prompts: [two, one] });
  await settled();
  expect(asked).toEqual(["load", "encode 2", "close"]);
  isBroken = false;
  seat.again();
  await settled();
  expect(asked.slice(3)).toEqual(["load", "encode 2", "decode 2", "decode 1"]);
});

test("two models take turns where cores are too few, and one that fails does not stop the other", async () => {
  const turns = new Turns(1);
  const broken = trial((question) => {
    if (question.startsWith("encode")) throw new Error("no");
  }, turns);
  const sound = trial(undefined, turns);
  broken.seat.want({ photo, prompts: [one] });
  sound.seat.want({ photo, prompts: [one] });
  await settled();
  expect(broken.seat.state.kind).toBe("failed");
  expect(sound.asked).toEqual(["load", "encode 2", "decode 1"]);
});
