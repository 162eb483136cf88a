/**
 * Migrations bring manifests of older versions up to the present one. A field that means something else now is left out, and the
 * reason is stored.
 */

import { HarnessError } from "../../errors.ts";
import { withoutPaths } from "../hidden.ts";

export type StoredManifest = Record<string, unknown> & { readonly schema: number };

/** A migration has the number of the version that it takes; it gives the next one. */
export type Migrations = Readonly<Record<number, (manifest: StoredManifest) => Record<string, unknown>>>;

/** Brings an older manifest to `version` step by step. Throws HarnessError for a newer one. */
export function migrate(
  stored: StoredManifest,
  { file, version, migrations }: { file: string; version: number; migrations: Migrations },
): StoredManifest {
  if (stored.schema > version) {
    throw new HarnessError(`${file}: written by a newer sam-bench`, {
      found: `schema ${stored.schema}`,
      expected: `at most ${version}`,
      hint: "update sam-bench, or give another folder with --results",
    });
  }
  let current = stored;
  for (let from = stored.schema; from < version; from++) {
    const step = migrations[from];
    if (step === undefined) throw new Error(`no migration from schema ${from} to ${from + 1}`);
    current = { ...step(current), schema: from + 1 };
  }
  return current;
}

export const migrations: Migrations = { 1: from1to2 };

const again = "measure it again with this version";

/** Fields of version 1 whose names mean something else in version 2, with the reason. */
const reasonsFrom1 = {
  modelMemory: `memory was measured in a process that held the data set's annotations as well; ${again}`,
  gmacs: `GMACs were those of the fused graph and not of the published architecture; ${again}`,
  theory: `bit operations counted products as integers that the deployed graph keeps in float; ${again}`,
  scores:
    "average precision and recall had intervals that may leave out their estimate; bench score RUN gives them anew",
} as const;

/** Protocols of which version 1 kept other masks: of two that overlap, the higher-ranked one. */
const suppressedByRank: readonly unknown[] = ["anything-ar1000", "anything-ar1000-single"];

/** Variants that version 1 ran as version 2 runs `/square`. */
const inSquare: readonly unknown[] = ["fastsam-s", "fastsam-x"];

function from1to2(stored: StoredManifest): Record<string, unknown> {
  const { absent, ...kept } = withoutChangedFields(stored);
  const protocols = Object.entries((stored.protocols ?? {}) as Record<string, unknown>);
  const changed = protocols.filter(([, protocol]) => suppressedByRank.includes(protocol));
  const reasons = changed.map(([prompts]) => {
    return [
      prompts,
      `of overlapping masks the higher-ranked one was kept, not the one of higher predicted IoU; ${again}`,
    ];
  });
  const variant = stored.variant as { readonly id: string; readonly title: string };
  const plan = stored.plan as { readonly asPassed?: readonly string[] } | undefined;
  return {
    ...kept,
    plan: { ...plan, asPassed: withoutPaths(plan?.asPassed ?? []) },
    variant: inSquare.includes(variant?.id)
      ? { ...variant, id: `${variant.id}/square`, title: `${variant.title} in a square` }
      : variant,
    protocols:
      changed.length === 0 ? stored.protocols : Object.fromEntries(protocols.filter((each) => !changed.includes(each))),
    absent: { ...absent, ...Object.fromEntries(reasons) },
  };
}

function withoutChangedFields({ memory, scores, graphs, ...kept }: StoredManifest) {
  const { gmacs, theory, ...keptGraphs } = (graphs ?? {}) as Record<string, unknown>;
  const dropped = { modelMemory: memory, gmacs, theory, scores };
  const names = (Object.keys(reasonsFrom1) as (keyof typeof reasonsFrom1)[]).filter(
    (name) => dropped[name] !== undefined,
  );
  return {
    ...kept,
    graphs: graphs === undefined ? undefined : keptGraphs,
    // Also where nothing was dropped: it marks a run of another version, which is never resumed.
    absent: Object.fromEntries(names.map((name) => [name, reasonsFrom1[name]])),
  };
}
