import type { DecoderRules } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { isWeb } from "../onnx/providers/web.ts";
import { type PlannedPrompts, passesOf } from "../protocols/index.ts";
import { missingForPages } from "../web/browser.ts";
import { type Chosen, type ChosenVariant, nameOfChosen } from "./models/weights.ts";
import { decoderRulesOf } from "./plugins/decoderRules.ts";
import type { RegisteredVariant } from "./plugins/registry.ts";
import type { RunFlags } from "./runFlags.ts";

/** Rules whose decoders say by their graphs how many masks they make: a page answers for these so far. */
const rulesOfPages: readonly DecoderRules[] = ["sam", "efficientsam"];

interface AskedOfPages {
  readonly prompts: readonly PlannedPrompts[];
  readonly flags: Pick<RunFlags, "cold-start" | "energy">;
  /** Says what becomes of a variant that no page can load: it was named, or `all` were. */
  readonly unfit: "refused" | "left out";
}

/**
 * Returns the rows without those that no page of a browser can compute, which are left out where `all` were asked for.
 * Throws HarnessError where they were named, where something is asked of pages that they do not do, and where what pages need is not
 * installed.
 */
export function withPageRows({ chosen, leftOut }: Chosen, { prompts, flags, unfit }: AskedOfPages): Chosen {
  const inPages = chosen.filter(({ provider = "" }) => isWeb(provider));
  if (inPages.length === 0) return { chosen, leftOut };
  const [missing] = missingForPages();
  if (missing !== undefined) throw missing;
  requireAnswerable(prompts, flags);
  const refused = inPages.flatMap((each) => {
    const error = refusalOf(each);
    return error === undefined ? [] : [{ each, error }];
  });
  if (refused.length > 0 && unfit === "refused") throw refused[0]!.error;
  const out = new Set(refused.map(({ each }) => each));
  return {
    chosen: chosen.filter((each) => !out.has(each)),
    leftOut: [
      ...leftOut,
      ...refused.map(({ each, error }) => ({
        variant: nameOfChosen(each),
        reason: error.message,
        command: refusalHint,
      })),
    ],
  };
}

function requireAnswerable(prompts: readonly PlannedPrompts[], flags: AskedOfPages["flags"]): void {
  const apart = (["cold-start", "energy"] as const).find((name) => flags[name] === true);
  if (apart !== undefined)
    throw new HarnessError(`--${apart}: is not measured in a page yet`, {
      hint: `leave it out, and --runtime web has its other figures`,
    });
  const everything = passesOf(prompts).find(({ pass }) => pass.everything !== undefined);
  if (everything !== undefined)
    throw new HarnessError(`--runtime web: everything mode is not measured in a page yet`, {
      found: everything.pass.scored.map((each) => each.prompts).join(", "),
      hint: "name other prompts, or leave --runtime out",
    });
}

const refusalHint = "measure it in a run without --runtime web";

function refusalOf({ variant }: ChosenVariant): HarnessError | undefined {
  const found = pageMisfit(variant);
  if (found === undefined) return undefined;
  return new HarnessError(`${variant.preset.id}: can not run in a page yet`, {
    found,
    expected: `a decoder that is fed by the rules ${rulesOfPages.join(" or ")}`,
    hint: refusalHint,
  });
}

/** Returns what keeps a variant from being loaded by a page; nothing where a page can load it. */
export function pageMisfit(variant: RegisteredVariant): string | undefined {
  if (variant.files !== undefined) return "ONNX files of your own";
  const rules = decoderRulesOf(variant);
  if (rules === undefined) return "a plug-in that does not say how its decoder is fed";
  return rulesOfPages.includes(rules) ? undefined : `the rules ${rules}`;
}
