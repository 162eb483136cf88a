import { HarnessError } from "../../../errors.ts";
import { type RegisteredVariant, type Registry, variantOf } from "../../../plan/plugins/registry.ts";
import type { Manifest } from "../../../store/schema.ts";

/** Says how a run numbers the tokens in its rows, or why its numbers name no token. */
export type TokenNumbering =
  | {
      readonly kind: "decoder";
      /** Number of the first multimask token: 1 where token 0 is the single-mask token. */
      readonly first: 0 | 1;
      /** False where a row's predicted IoU is no guess of the decoder's. */
      readonly predictsIou: boolean;
    }
  /** A row's mask is a detection, or several, and its predicted IoU the highest confidence of these. */
  | { readonly kind: "detections"; readonly why: string }
  | { readonly kind: "none"; readonly why: string };

/**
 * Returns how a run numbers its tokens: a program's run records what the program said of itself, any other run follows its
 * preset.
 */
export function tokenNumberingOf(manifest: Manifest, registry: Registry): TokenNumbering {
  const { id, external } = manifest;
  if (manifest.variant.role === "floor") return { kind: "none", why: `${id} is a floor and has no tokens` };
  const preset = registeredVariant(registry, manifest.variant.id)?.preset;
  if (preset?.everything === "own output")
    return { kind: "detections", why: `${id} numbers the masks that it finds in a photo, not tokens` };
  if (external !== undefined) return numberingOfProgram(id, external.tokens);
  if (preset === undefined)
    return { kind: "none", why: `the variant of ${id} is not known here, and neither are its tokens` };
  if (preset.lacks.includes("three-masks")) return { kind: "none", why: `${id} has one mask for a prompt` };
  return {
    kind: "decoder",
    first: preset.lacks.includes("single-mask-token") ? 0 : 1,
    predictsIou: !preset.lacks.includes("predicted-iou"),
  };
}

function numberingOfProgram(id: string, tokens: NonNullable<Manifest["external"]>["tokens"]): TokenNumbering {
  if (tokens === undefined) return { kind: "none", why: `${id} does not record how its program numbers tokens` };
  const { multimask, single } = tokens;
  if (multimask.length === 1) return { kind: "none", why: `${id} has one mask for a prompt` };
  const first = single === undefined ? 0 : 1;
  if (multimask.some((token, i) => token !== first + i))
    return { kind: "none", why: `the program of ${id} numbers its tokens ${multimask.join(", ")}` };
  return { kind: "decoder", first, predictsIou: true };
}

function registeredVariant(registry: Registry, id: string): RegisteredVariant | undefined {
  try {
    return variantOf(registry, id);
  } catch (error) {
    if (error instanceof HarnessError) return undefined;
    throw error;
  }
}

/** Returns why the tokens of two runs can not be compared by their numbers; nothing where they can. */
export function unlikeTokens(a: TokenNumbering, b: TokenNumbering): string | undefined {
  if (a.kind !== "decoder") return a.why;
  if (b.kind !== "decoder") return b.why;
  if (a.first === b.first) return undefined;
  return `A numbers its multimask tokens from ${a.first} on, B from ${b.first} on`;
}
