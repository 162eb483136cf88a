import { expect, test } from "vitest";
import { pointsOf } from "../../variants/efficientsam/prompts.ts";
import { samInput } from "../../variants/sam/presets.ts";
import { type PromptTokens, tokensOf } from "../../variants/sam-decoder/prompts.ts";
import { sam2TokensOf } from "../../variants/sam2-decoder/prompts.ts";
import type { DecoderRules, Prompt } from "../api.ts";
import { promptsOf } from "./prompting.ts";

const points = [
  { x: 3, y: 4, label: 1 },
  { x: 5, y: 6, label: 0 },
] as const;
const box = { x0: 1, y0: 2, x1: 7, y1: 8 };
const prompts: readonly Prompt<"model">[] = [
  { frame: "model", points },
  { frame: "model", points: [], box },
  { frame: "model", points, box },
];

/** Returns a prompt's points and labels as somebody makes them who knows model.json alone. */
function byTheJson(rules: DecoderRules, prompt: Prompt<"model">): Pick<PromptTokens, "coordinates" | "labels"> {
  const { order, padding, paddingPoint } = promptsOf(rules, { ...samInput, side: 1024 });
  const corners = [
    [box.x0, box.y0, 2],
    [box.x1, box.y1, 3],
  ];
  const parts: Readonly<Record<"points" | "box", readonly (readonly number[])[]>> = {
    points: prompt.points.map(({ x, y, label }) => [x, y, label]),
    box: prompt.box === undefined ? [] : corners,
  };
  const isPadded = padding === "always" || (padding === "without a box" && prompt.box === undefined);
  const all = [...order.flatMap((part) => parts[part]), ...(isPadded ? [paddingPoint] : [])];
  return { coordinates: all.flatMap((each) => each.slice(0, 2)), labels: all.map((each) => each[2]!) };
}

test.each([
  ["sam", tokensOf],
  ["hq-sam", tokensOf],
  ["hq-sam-alone", tokensOf],
  ["efficientsam", pointsOf],
  ["sam2", sam2TokensOf],
  ["sam2-by-stability", sam2TokensOf],
] as const)("what model.json says of prompts for %s is what its decoder is fed", (rules, tokens) => {
  for (const prompt of prompts) {
    const { coordinates, labels } = tokens(prompt);
    expect(byTheJson(rules, prompt)).toEqual({ coordinates, labels });
  }
});
