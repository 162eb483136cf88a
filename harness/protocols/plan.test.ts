import { expect, test } from "vitest";
import { HarnessError } from "../errors.ts";
import { passesOf, promptPlan, promptsOf, protocolOf, protocols } from "./index.ts";
import type { PromptFlags } from "./plan.ts";

const named = (flags: PromptFlags) => promptPlan(flags).map(({ prompts, protocol }) => `${prompts} ${protocol.id}`);
const short = ["box miou-gtbox-argmax", "1p miou-random-points", "3p miou-random-points"];

test("box, 1p and 3p are the annotated box and random points, and what is measured when nothing is asked for", () => {
  expect(named({ prompts: "box,1p,3p" })).toEqual(short);
  expect(named({})).toEqual(short);
  expect(named({ prompts: " 3p , box ,3p" })).toEqual([short[2], short[0]]);
});

test("every prompts name has its short form", () => {
  expect(named({ prompts: "5c,com,9dt,1dt-oracle,centre+2p" })).toEqual([
    ...["5c miou-ritm-clicks", "com miou-com-point", "9dt points-dt", "1dt-oracle points-dt"],
    "centre+2p miou-edgesam",
  ]);
});

test("a protocol alone is all its prompts", () => {
  expect(named({ protocol: "miou-ritm-clicks,miou-gtbox" })).toEqual([
    ...["1c miou-ritm-clicks", "3c miou-ritm-clicks", "5c miou-ritm-clicks", "box miou-gtbox"],
  ]);
});

test("a protocol with prompts is those prompts, as that protocol means them", () => {
  expect(named({ protocol: "miou-gtbox", prompts: "box" })).toEqual(["box miou-gtbox"]);
  expect(named({ protocol: "points-dt", prompts: "9dt,1dt" })).toEqual(["9dt points-dt", "1dt points-dt"]);
  expect(named({ protocol: "miou-sam2-clicks" })).toEqual(["1sam2 miou-sam2-clicks", "5sam2 miou-sam2-clicks"]);
});

test("a protocol refuses prompts it does not define, and one of which no prompts are asked for is refused", () => {
  expect(() => promptPlan({ protocol: "miou-ritm-clicks", prompts: "1p" })).toThrow(
    /^unknown prompts of miou-ritm-clicks: 1p; did you mean 1c\?$/,
  );
  expect(() => promptPlan({ protocol: "miou-ritm-clicks,points-dt", prompts: "1c" })).toThrow(
    "--prompts: none of protocol points-dt (found 1c, expected 1dt, 2dt, 3dt, 5dt, 9dt, 1dt-oracle)",
  );
});

test("unknown names come with the nearest, and no name at all is refused", () => {
  expect(() => promptPlan({ prompts: "bix" })).toThrow("unknown prompts: bix; did you mean box?");
  expect(() => promptPlan({ protocol: "miou-gtbox-argmin" })).toThrow("did you mean miou-gtbox-argmax?");
  expect(() => protocolOf("miou-ritm-click")).toThrow(HarnessError);
  expect(() => promptPlan({ prompts: " , " })).toThrow("--prompts: names nothing");
  expect(() => promptPlan({ protocol: "" })).toThrow("--protocol: names nothing");
});

test("one name can not be two protocols' in one run", () => {
  expect(() => promptPlan({ protocol: "miou-gtbox-argmax,miou-gtbox" })).toThrow(
    "two protocols define the prompts box (found [miou-gtbox-argmax, miou-gtbox]",
  );
  const names = protocols.filter(({ id }) => id !== "miou-gtbox").flatMap(promptsOf);
  expect(new Set(names).size).toBe(names.length);
});

test("1, 3 and 5 clicks are one pass, which ends with the last that is asked for", () => {
  const steps = (prompts: string) => passesOf(promptPlan({ prompts })).map(({ pass }) => pass.scored);
  expect(steps("5c,1c,3c")).toEqual([
    [
      { step: 1, prompts: "1c" },
      { step: 3, prompts: "3c" },
      { step: 5, prompts: "5c" },
    ],
  ]);
  expect(steps("1c,3c").map((scored) => scored.at(-1)!.step)).toEqual([3]);
  expect(steps("1dt,1dt-oracle,box").length).toBe(3);
});
