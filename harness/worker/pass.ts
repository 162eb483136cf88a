import type { Box, Candidates, Feedback, KeptMask, Prompt, PromptPass, Random, Rle, Size, Target } from "../api.ts";
import { placeMask } from "../mask/index.ts";
import { streamOf } from "../prompts/stream.ts";
import { predictedIouOf } from "../protocols/choice.ts";
import type { PlannedPass } from "../protocols/index.ts";
import { random } from "../stats/random.ts";
import type { HeldImage, HeldPrediction } from "./heldImage.ts";

const defaults = {
  /** This many targets go through a pass together: the logits of all, four 256 x 256 maps each, are in memory at once. */
  targetsAtOnce: 64,
};

export interface PassInput {
  readonly held: HeldImage;
  readonly targets: readonly Target[];
  readonly seed: number;
  /** Place of the crop, if a crop is held. Prompts and masks are in the frame of the whole image even then. */
  readonly crop?: { readonly box: Box; readonly image: Size };
}

/** Takes all targets of an image through one pass: prompts of a step are decoded together, step after step. */
export async function runPass({ protocol, pass }: PlannedPass, input: PassInput): Promise<readonly KeptMask[]> {
  const included = input.targets.filter((target) => protocol.includes(target));
  const kept: KeptMask[] = [];
  for (let start = 0; start < included.length; start += defaults.targetsAtOnce) {
    const group = included
      .slice(start, start + defaults.targetsAtOnce)
      .map((target) => beginJob(pass, target, input.seed));
    kept.push(...(await runGroup(pass, group, input)));
  }
  return kept;
}

/** One target while it goes through a pass. */
interface Job {
  readonly target: Target;
  readonly steps: Generator<Prompt<"image">, void, Feedback>;
  prompt: Prompt<"image"> | undefined;
}

function beginJob(pass: PromptPass, target: Target, seed: number): Job {
  const steps = pass.sampler.prompts(target, streamOf(seed, pass.sampler, target));
  // The first next() only starts a generator: its argument is not read.
  const first = steps.next(undefined as never);
  return { target, steps, prompt: first.done ? undefined : first.value };
}

async function runGroup(pass: PromptPass, jobs: readonly Job[], input: PassInput): Promise<KeptMask[]> {
  const last = pass.scored.at(-1)!.step;
  const kept: KeptMask[] = [];
  for (let step = 1; step <= last; step++) {
    const active = jobs.filter((job) => job.prompt !== undefined);
    if (active.length === 0) break;
    const predictions = await predict(
      pass,
      active.map((job) => job.prompt!),
      input,
    );
    const names = pass.scored.filter((scored) => scored.step === step).map((scored) => scored.prompts);
    for (const [i, job] of active.entries())
      kept.push(...advance(pass, job, { ...input, prediction: predictions[i]!, step, names, last }));
  }
  return kept;
}

/** Returns one prediction for each prompt; a pass by the variant's own everything mode has one target and one prediction. */
async function predict(
  pass: PromptPass,
  prompts: readonly Prompt<"image">[],
  { held, crop }: PassInput,
): Promise<readonly HeldPrediction[]> {
  if (pass.everything?.source === "own output") {
    if (held.everything === undefined) throw new Error("the variant has no everything mode of its own");
    return [await held.everything()];
  }
  return held.decode(crop === undefined ? prompts : prompts.map((prompt) => inCrop(prompt, crop.box)), pass);
}

/** Moves a prompt to the same place, counted from the crop's corner. */
function inCrop({ points, box, ...prompt }: Prompt<"image">, { x0, y0 }: Box): Prompt<"image"> {
  const moved = box && { x0: box.x0 - x0, y0: box.y0 - y0, x1: box.x1 - x0, y1: box.y1 - y0 };
  return {
    ...prompt,
    points: points.map(({ x, y, label }) => ({ x: x - x0, y: y - y0, label })),
    box: moved,
  };
}

interface StepInput extends PassInput {
  readonly prediction: HeldPrediction;
  readonly step: number;
  /** Names of the prompts that rows of this step are of; empty if the step is not scored. */
  readonly names: readonly string[];
  readonly last: number;
}

/** Returns what the pass keeps of one prediction, and gives the best mask back to the target's generator. */
function advance(pass: PromptPass, job: Job, input: StepInput): KeptMask[] {
  const { prediction, step, names, last } = input;
  const prompt = job.prompt!;
  const candidates = candidatesOf(pass, job.target, prompt, input);
  const choices = pass.choose(candidates);
  const rows = names.flatMap((prompts) =>
    choices.map((choice) => ({
      ...choice,
      target: job.target,
      prompt,
      prompts,
      step,
      mask: candidates.mask(choice.token),
      predictedIou: predictedIouOf(prediction.prediction, choice.token),
    })),
  );
  const best = choices[0];
  if (best === undefined || step === last) job.prompt = undefined;
  else {
    const next = job.steps.next({
      mask: candidates.mask(best.token),
      token: best.token,
      lowResLogits: prediction.lowResLogits(best.token),
    });
    job.prompt = next.done ? undefined : next.value;
  }
  return rows;
}

/** Returns the masks that a protocol chooses from. A mask is upscaled when it is asked for, and once: mostly one of four is. */
function candidatesOf(
  { scored }: PromptPass,
  target: Target,
  prompt: Prompt<"image">,
  { prediction, held, crop, seed }: StepInput,
): Candidates {
  let stream: Random | undefined;
  const masks = new Map<number, Rle>();
  const inImage = (mask: Rle) => (crop === undefined ? mask : placeMask(mask, crop.box, crop.image));
  return {
    target,
    prompt,
    prediction: prediction.prediction,
    lacks: held.lacks,
    mask(token) {
      const known = masks.get(token);
      if (known !== undefined) return known;
      const mask = inImage(prediction.mask(token));
      masks.set(token, mask);
      return mask;
    },
    stability: (token, offset) => prediction.stability(token, offset),
    maskAbove(token, level) {
      const mask = prediction.maskAbove(token, level);
      return mask && inImage(mask);
    },
    random() {
      stream ??= random(seed, "choice", scored[0]!.prompts, target.image, target.id);
      return stream;
    },
  };
}
