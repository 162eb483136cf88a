import { prepareRun } from "../build/preparedRun.ts";
import { HarnessError } from "../errors.ts";
import { readImage, writeMaskPng } from "../image/index.ts";
import { areaOf, decodeRle, formatCounts } from "../mask/index.ts";
import { nameOfChosen } from "../plan/models/weights.ts";
import { pickOptions } from "../plan/options.ts";
import { planOfModels } from "../serve/plan.ts";
import { type AnsweredPrompt, answerOnce, parsePrompt, requireTaken } from "../serve/prompt.ts";
import { headings } from "./headings.ts";
import { type Command, line, listOf, note, widthOf } from "./terminal/command.ts";
import { exitCodes } from "./terminal/exitCodes.ts";
import { interruptible, requireGoingOn } from "./terminal/interrupt.ts";
import { observe } from "./terminal/observe.ts";
import { flagsOf, modelOptions, settingOptions, weightsUnused } from "./terminal/planFlags.ts";
import { type Predicted, predictedText } from "./text/predict.ts";

export const predict: Command = {
  ...headings.predict,
  options: {
    point: { describe: "x,y of a point of the object, in image pixels", type: "string", repeated: true },
    "not-point": { describe: "x,y of a point that is not of the object", type: "string", repeated: true },
    box: { describe: "x0,y0,x1,y1 of a box around the object", type: "string" },
    out: { describe: "write the mask that is kept as PNG of the photo's size: 255 inside, 0 outside", type: "string" },
    ...pickOptions(modelOptions),
    json: { describe: "print one JSON object, with COCO's run lengths of every mask", type: "boolean" },
  },
  moreOptions: settingOptions,
  unused: [weightsUnused],
  examples: [
    ["bench predict sam-nano photo.jpg --point 320,240", "every mask for one click, with its predicted IoU"],
    ["bench predict sam-nano photo.jpg --point 320,240 --not-point 80,60 --out mask.png", "and the mask as a picture"],
    ["bench predict sam-vit-b photo.jpg --box 100,80,300,260 --json", "for a script, with run lengths"],
  ],
  async run(args, console) {
    const photo = await readImage(args.photo as string);
    const prompt = parsePrompt(
      { points: listOf(args, "point"), notPoints: listOf(args, "not-point"), box: args.box as string | undefined },
      photo.size,
    );
    const variant = args.variant as string;
    const plan = await planOfModels(await flagsOf({ ...args, variants: variant }), 1);
    const chosen = plan.chosen[0]!;
    requireTaken(prompt, chosen.variant.preset);
    const observer = observe(console);
    return interruptible(observer, async (signal) => {
      const { setup, manifest, unanswered } = await prepareRun(plan, chosen, [], {
        note: observer.note,
        signal,
        calibration: (done, total) => observer.calibration(variant, { done, total }),
        overlap: () => undefined,
      });
      if (unanswered !== undefined) throw unanswered;
      requireGoingOn(signal);
      const answer = await answerOnce(setup, photo, prompt);
      observer.finish();
      const found = {
        variant: nameOfChosen(chosen),
        weights: manifest.weights.label,
        size: photo.size,
        prompt,
        answer,
      };
      line(console, args.json ? JSON.stringify(predictionJson(found)) : predictedText(found, widthOf(console).width));
      if (args.out !== undefined) note(console, await writeMask(args.out as string, answer));
      return exitCodes.done.code;
    });
  },
};

function predictionJson({ answer: { tokens, chosen, ...timesMs }, prompt: { points, box }, ...rest }: Predicted) {
  return {
    ...rest,
    prompt: { points, box },
    tokens: tokens.map(({ mask, predictedIou }) => ({
      predictedIou,
      areaPx: areaOf(mask),
      counts: formatCounts(mask),
    })),
    chosen,
    timesMs,
  };
}

async function writeMask(file: string, { tokens, chosen }: AnsweredPrompt): Promise<string> {
  const { mask } = tokens[chosen]!;
  await writeMaskPng(file, decodeRle(mask), mask.size).catch((cause: NodeJS.ErrnoException) => {
    throw new HarnessError(`${file}: can not be written`, { found: cause.code, hint: "does its folder exist?", cause });
  });
  return `${file}: mask ${chosen} written, ${areaOf(mask)} px inside`;
}
