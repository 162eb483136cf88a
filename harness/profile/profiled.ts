import type { Box, ModelInput, Prompt, RgbImage } from "../api.ts";
import type { ModelSetup } from "../build/setup.ts";
import { prepare, toModelFrame } from "../image/index.ts";
import { timed } from "../measure/clock.ts";
import { answerRequests } from "../process/calls.ts";
import { boxPrompt } from "../prompts/timedBoxes.ts";
import { type OpenedModel, openModel } from "../worker/modelMemory.ts";

/** The two stages in which graphs run. */
export type GraphStage = "encode" | "decode";

export interface Sample {
  readonly photo: RgbImage;
  readonly box: Box;
}

/** Calls that the process answers; it has a model and one photo. */
export interface ProfiledCalls {
  open: { readonly request: { readonly setup: ModelSetup; readonly sample: Sample }; readonly reply: object };
  /** Encodes the photo, for `decode` decodes the box too, and gives the time of that stage. */
  turn: { readonly request: { readonly stage: GraphStage }; readonly reply: { readonly durationMs: number } };
  /** Ends the sessions, which write their profiles then. */
  end: { readonly request: object; readonly reply: object };
}

interface Opened extends OpenedModel {
  readonly input: ModelInput;
  readonly prompt: Prompt<"image">;
}

/** Answers the parent's requests until it hangs up. */
export function serve(): void {
  let opened: Opened | undefined;
  const loaded = (): Opened => {
    if (opened === undefined) throw new Error("a call before open");
    return opened;
  };
  answerRequests<ProfiledCalls>({
    async open({ setup, sample: { photo, box } }) {
      const model = await openModel(setup);
      opened = { ...model, input: prepare(photo, model.preset.input), prompt: boxPrompt(box, model.preset) };
      return {};
    },
    turn: async ({ stage }) => ({ durationMs: await runTurn(loaded(), stage) }),
    async end() {
      await loaded().variant.close();
      return {};
    },
  });
}

async function runTurn({ variant, checks, input, prompt }: Opened, stage: GraphStage): Promise<number> {
  const encoded = await timed(() => variant.encode(input));
  checks.embedding(encoded.value, input);
  if (stage === "encode") return encoded.durationMs;
  const { geometry } = encoded.value;
  const decoded = await timed(() => variant.decode(encoded.value, [toModelFrame(prompt, geometry)]));
  checks.predictions(decoded.value, 1, geometry);
  return decoded.durationMs;
}
