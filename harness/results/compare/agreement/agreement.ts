import type { Category, ImageId } from "../../../api.ts";
import type { Manifest } from "../../../store/schema.ts";
import type { Side } from "../side.ts";
import { type AgreementFigures, agreementFigures } from "./figures.ts";
import { type ComparableParts, type MeasuredPair, measurePair } from "./measured.ts";
import { type LeftOut, nothingLeftOut, type PairedRows } from "./pairs.ts";
import { comparableRows } from "./refusal.ts";
import { type TokenNumbering, unlikeTokens } from "./tokens.ts";

const defaults = { worst: 10 };

/** Tells how far two runs gave the same answer to the same prompts. No ground truth has a part in it. */
export interface Agreement {
  readonly prompts: readonly PromptsAgreement[];
  /** All targets of the prompts above together; absent where no mask was compared. */
  readonly all?: AgreementFigures | undefined;
  /** Targets whose masks, tokens or detections differ, those of the smallest mask IoU first. */
  readonly worst: readonly DifferingTarget[];
  /** Prompts that both runs have and that are not compared, with the reason. */
  readonly refused: readonly { readonly prompts: string; readonly reason: string }[];
  /** The reason why no tokens are compared; absent where they are. */
  readonly tokensLeftOut?: string | undefined;
}

export interface PromptsAgreement extends AgreementFigures {
  readonly prompts: string;
  readonly protocol: string;
}

/** A target on which two runs differ. */
export interface DifferingTarget {
  readonly image: ImageId;
  /** Id of the annotation, or number of the detector's box. */
  readonly target: number;
  readonly category: number;
  readonly categoryName: string;
  readonly prompts: string;
  readonly step: number;
  readonly maskIou: number;
  readonly differingPx: number;
  readonly tokens: { readonly a: number; readonly b: number };
  readonly predictedIous: { readonly a: number; readonly b: number };
}

/** Facts about protocols and variants that decide what may be compared. */
export interface AgreementRules {
  /** Ids of the protocols of everything mode. */
  readonly everything: ReadonlySet<string>;
  tokensOf(manifest: Manifest): TokenNumbering;
  readonly categories: readonly Category[];
}

/** Compares the masks of two runs with each other, prompts name by prompts name; nothing where no rows can be compared. */
export function agreementOf(a: Side, b: Side, rules: AgreementRules): Agreement | undefined {
  const own = rules.tokensOf(a.manifest);
  const other = rules.tokensOf(b.manifest);
  const tokensLeftOut = unlikeTokens(own, other);
  const parts: ComparableParts = {
    tokens: tokensLeftOut === undefined,
    predictedIou: [own, other].every((each) => each.kind === "decoder" && each.predictsIou),
    detections: [own, other].every(({ kind }) => kind === "detections"),
  };
  const compared: { readonly prompts: string; readonly protocol: string; readonly rows: Measured }[] = [];
  const refused: Agreement["refused"][number][] = [];
  for (const [prompts, protocol] of Object.entries(a.manifest.protocols)) {
    if (b.manifest.protocols[prompts] === undefined) continue;
    const found = comparableRows(a, b, { prompts, everything: rules.everything });
    if ("reason" in found) refused.push({ prompts, reason: found.reason });
    else if (hasRows(found.paired)) compared.push({ prompts, protocol, rows: measured(found.paired, parts) });
  }
  if (compared.length === 0 && refused.length === 0) return undefined;
  const pairs = compared.flatMap(({ rows }) => rows.pairs);
  const leftOut = compared.map(({ rows }) => rows.leftOut).reduce(summed, nothingLeftOut);
  return {
    prompts: compared.map(({ prompts, protocol, rows }) => {
      return { prompts, protocol, ...agreementFigures(rows.pairs, rows.leftOut) };
    }),
    all: compared.length === 0 ? undefined : agreementFigures(pairs, leftOut),
    worst: worstOf(pairs, rules.categories),
    refused,
    tokensLeftOut,
  };
}

interface Measured {
  readonly pairs: readonly MeasuredPair[];
  readonly leftOut: LeftOut;
}

function measured({ pairs, leftOut }: PairedRows, parts: ComparableParts): Measured {
  return { pairs: pairs.map((pair) => measurePair(pair, parts)), leftOut };
}

function hasRows({ pairs, leftOut }: PairedRows): boolean {
  return pairs.length > 0 || Object.values(leftOut).some((count) => count > 0);
}

function summed(x: LeftOut, y: LeftOut): LeftOut {
  return {
    failedInA: x.failedInA + y.failedInA,
    failedInB: x.failedInB + y.failedInB,
    onlyInA: x.onlyInA + y.onlyInA,
    onlyInB: x.onlyInB + y.onlyInB,
    otherPrompt: x.otherPrompt + y.otherPrompt,
  };
}

/** Returns the targets that differ most; those of one mask IoU by the pixels that differ, then by image and target. */
function worstOf(pairs: readonly MeasuredPair[], categories: readonly Category[]): readonly DifferingTarget[] {
  const names = new Map(categories.map(({ id, name }) => [id, name]));
  return pairs
    .filter(({ maskIou, sameToken, sameDetection }) => maskIou < 1 || sameToken === false || sameDetection === false)
    .toSorted(
      (x, y) =>
        x.maskIou - y.maskIou || y.differingPx - x.differingPx || x.a.image - y.a.image || x.a.target - y.a.target,
    )
    .slice(0, defaults.worst)
    .map(({ a, b, maskIou, differingPx }) => ({
      image: a.image,
      target: a.target,
      category: a.category,
      categoryName: names.get(a.category) ?? `category ${a.category}`,
      prompts: a.prompts,
      step: a.step,
      maskIou,
      differingPx,
      tokens: { a: a.token, b: b.token },
      predictedIous: { a: a.predictedIou, b: b.predictedIou },
    }));
}
