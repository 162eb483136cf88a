import { z } from "zod";
import type { Capability, MaskSpec, TokenSet, VariantManifest } from "../../api.ts";
import { HarnessError } from "../../errors.ts";
import { checked } from "../../foreign.ts";
import { visible } from "../../visible.ts";
import type { ExternalLink } from "./link.ts";

/** Version of the protocol that variants/external/README.md describes. */
export const protocolVersion = 1;

const text = z.string().min(1).max(200);
const token = z.int().min(0).max(1000);
const tokens = z.array(token).min(1).max(64);

const supports = z.object({
  tokens: z.object({ multimask: tokens, single: z.tuple([z.literal(0)]).optional() }),
  answers: z.enum(["masks", "logits"]),
  logitsSide: z.int().min(1).max(4096).optional(),
  mask: z
    .object({
      path: z.enum(["model-frame", "direct"]),
      interpolation: z.enum(["bilinear", "bicubic"]),
      threshold: z.enum([">0", ">=0"]),
    })
    .optional(),
  box: z.boolean().optional(),
  maskInput: z.boolean().optional(),
  stability: z.boolean().optional(),
  maxPoints: z.int().min(1).optional(),
});

const hello = z.object({
  protocol: z.literal(protocolVersion),
  name: text,
  versions: z.record(text, text),
  supports,
});

/** Description that a program gives of itself before it loads anything. */
export interface ExternalDescription {
  /** Name of the library or program that computes. */
  readonly name: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly supports: ExternalSupport;
}

export interface ExternalSupport {
  /** The decoder's token numbers in each set; the multimask set alone where there is no single-mask token. */
  readonly tokens: { readonly [Set in TokenSet]?: readonly number[] | undefined } & {
    readonly multimask: readonly number[];
  };
  readonly answers: "masks" | "logits";
  /** Side of the low-res logits. */
  readonly logitsSide?: number | undefined;
  /** Rule by which the program's low-res logits become a mask. */
  readonly mask?: MaskSpec | undefined;
  readonly box?: boolean | undefined;
  readonly maskInput?: boolean | undefined;
  readonly stability?: boolean | undefined;
  readonly maxPoints?: number | undefined;
}

/** Fields of the question what a program is: they are plain data. */
export interface HelloFields {
  readonly variant: string;
  readonly preset: string | null;
  readonly setting: string | null;
  readonly sizes: Readonly<Record<string, unknown>> | null;
}

/** Asks a program what it is. Throws HarnessError where the answer is not as the protocol has it, and as ExternalLink.ask does. */
export async function askHello(link: Pick<ExternalLink, "ask">, fields: HelloFields): Promise<ExternalDescription> {
  const { fields: answer } = await link.ask({ call: "hello", fields: { protocol: protocolVersion, ...fields } });
  const place = `${fields.variant}: hello`;
  const {
    name,
    versions,
    supports: given,
  } = checked(hello, answer, place, "variants/external/README.md has the fields");
  requireTokens(given, place);
  return {
    name: visible(name),
    versions: Object.fromEntries(Object.entries(versions).map(([each, version]) => [visible(each), visible(version)])),
    supports: given,
  };
}

function requireTokens({ tokens: { multimask, single }, answers, logitsSide }: ExternalSupport, place: string): void {
  if (new Set(multimask).size !== multimask.length)
    throw new HarnessError(`${place}: a token stands twice in the multimask set`, { found: multimask });
  if (multimask.includes(0) === (single !== undefined))
    throw new HarnessError(`${place}: tokens are not numbered as the decoder has them`, {
      found: `multimask ${multimask.join(", ")}${single === undefined ? "" : "; single 0"}`,
      expected: "0 for the single-mask token where there is one, and from 0 on for others where there is none",
    });
  if (answers === "logits" && logitsSide === undefined)
    throw new HarnessError(`${place}: low-res logits without their side`, { expected: "supports.logitsSide" });
}

/** Returns the capabilities that protocols may ask for and this program lacks. */
export function lacksOf({ tokens: given, answers, box, maskInput, stability }: ExternalSupport): readonly Capability[] {
  const lacks: readonly (Capability | false)[] = [
    given.single === undefined && "single-mask-token",
    // What is fed back is the low-res logits of an earlier answer.
    !(maskInput === true && answers === "logits") && "mask-input",
    box === false && "box-prompt",
    given.multimask.length < 3 && "three-masks",
    answers === "masks" && stability !== true && "stability",
    answers === "masks" && "logits",
  ];
  return lacks.filter((each) => each !== false);
}

/** Returns the preset as the program is able to answer for it. */
export function describedPreset(preset: VariantManifest, { supports: given }: ExternalDescription): VariantManifest {
  // A model whose masks are made without a prompt has one for each prompt, and its protocols know that.
  const lacking = lacksOf(given).filter((each) => preset.everything === undefined || each !== "three-masks");
  return {
    ...preset,
    lacks: [...new Set([...preset.lacks, ...lacking])],
    everything: undefined,
    mask: given.mask ?? preset.mask,
    maxPoints: given.maxPoints ?? preset.maxPoints,
  };
}

/** Returns what computes, in one line. */
export function programText({ name, versions }: Pick<ExternalDescription, "name" | "versions">): string {
  return `${name} (${Object.entries(versions)
    .map(([each, version]) => `${each} ${version}`)
    .join(", ")})`;
}
