import { type PreparedRun, prepareRun } from "../../build/preparedRun.ts";
import { HarnessError, Stopped } from "../../errors.ts";
import { checkpointsOf, namedVariant } from "../../plan/models/checkpoints.ts";
import type { WeightsChoice } from "../../plan/models/weights.ts";
import { type RunPlan, resolvePlan } from "../../plan/plan.ts";
import type { LatencyTurns } from "../../results/compare/latency.ts";
import type { Side } from "../../results/compare/side.ts";
import { canonicalJson } from "../../store/canonical.ts";
import type { LatencyTurn } from "../../store/latency.ts";
import { nameOnProcessor, rowName } from "../../store/rowName.ts";
import type { Manifest } from "../../store/schema.ts";
import { takeTurns } from "../latency/latencyPhase.ts";
import { checkProvider, providerWarnings } from "../providerCheck.ts";
import { watcherOf } from "../request.ts";
import { flagsOfRun, type Operand, type OperandContext } from "./operands.ts";

const defaults = { rounds: 20 };

interface FreshLatency extends OperandContext {
  readonly rounds: number;
  /** Checkpoints, `VARIANT=FILE`, of the sides that were named by a file, by run id. */
  readonly files: ReadonlyMap<string, string>;
}

/**
 * Measures latency by turns where the user asks for rounds or names a file: then the file's weights are here, and the other
 * side's may be. Returns nothing where nobody asked for it and the weights of a side are not here.
 */
export async function latencyOfSides(
  [a, ...others]: readonly [Side, ...Side[]],
  operands: readonly Operand[],
  { rounds, ...context }: OperandContext & { readonly rounds: number | undefined },
): Promise<ReadonlyMap<Side, LatencyTurns> | undefined> {
  if (rounds === undefined && operands.every(({ kind }) => kind !== "file")) return undefined;
  const sides = [a, ...others];
  const files = new Map(
    operands.flatMap((operand, i) => {
      if (operand.kind !== "file") return [];
      const { id, variant } = sides[i]!.manifest;
      return [[id, `${variant.id}=${operand.file}`] as const];
    }),
  );
  try {
    return await measureSides(a, others, { ...context, rounds: rounds ?? defaults.rounds, files });
  } catch (error) {
    // Nobody asked for latency: the comparison of masks stands without it.
    if (rounds !== undefined || !(error instanceof HarnessError)) throw error;
    context.observer.note(`latency is not measured by turns: ${error.message}`);
    return undefined;
  }
}

/**
 * Measures all sides in interleaved rounds on this machine, the first one twice: the noise floor is what its two processes
 * differ by.
 * Throws HarnessError where the weights of a side are not here.
 */
async function measureSides(
  a: Side,
  others: readonly Side[],
  context: FreshLatency,
): Promise<ReadonlyMap<Side, LatencyTurns>> {
  const first = await prepareSide(a.manifest, context);
  const prepared: PreparedRun[] = [];
  for (const { manifest } of others) prepared.push((await prepareSide(manifest, context)).prepared);
  const names = { a: "A", again: "A again", other: (i: number) => `B${i + 1}` };
  const candidates = [
    { name: names.a, row: first.prepared.row, setup: first.prepared.setup },
    { name: names.again, row: first.prepared.row, setup: first.prepared.setup },
    ...prepared.map(({ row, setup }, i) => ({ name: names.other(i), row, setup })),
  ];
  const turns = new Map<string, LatencyTurn[]>(candidates.map(({ name }) => [name, []]));
  const plan = { ...first.plan, latency: { ...first.plan.latency, rounds: context.rounds } };
  const { observer, signal } = context;
  const done = await takeTurns(
    candidates,
    { plan, observer, signal },
    {
      take: (name, turn) => void turns.get(name)!.push(turn),
    },
  );
  if (done === undefined) throw new Stopped("stopped before the end of the latency rounds");
  const [lost] = done.lost.values();
  if (lost !== undefined) throw new HarnessError(`latency can not be compared: ${lost}`);
  const of = (name: string) => turns.get(name)!;
  return new Map(
    others.map((side, i) => [side, { a: of(names.a), again: of(names.again), b: of(names.other(i)) }] as const),
  );
}

/** Returns the name of a side's row where its named checkpoint is given, else its variant. */
function nameOfSide({ variant }: Manifest, checkpoints: readonly string[], { registry }: FreshLatency): string {
  const name = nameOnProcessor(variant);
  const { checkpoint } = namedVariant(registry, name);
  return checkpointsOf(checkpoints).has(checkpoint ?? "") ? name : variant.id;
}

async function prepareSide(
  manifest: Manifest,
  context: FreshLatency,
): Promise<{ readonly plan: RunPlan; readonly prepared: PreparedRun }> {
  const { observer, files } = context;
  requireProgram(manifest, context);
  const flags = flagsOfRun(manifest, context);
  const file = files.get(manifest.id);
  const checkpoint = file === undefined ? (flags.checkpoint ?? []) : [file];
  const plan = await resolvePlan({
    ...flags,
    variants: nameOfSide(manifest, checkpoint, context),
    weights: choiceOf(manifest.weights.source),
    phase: "latency",
    checkpoint,
  });
  const prepared = await prepareRun(plan, plan.chosen[0]!, [], watcherOf(rowName(manifest), context));
  if (prepared.unanswered !== undefined) throw prepared.unanswered;
  requireSameWeights(manifest, prepared.manifest);
  // An error that was accepted when the run was made is accepted for its latency too.
  const found = await checkProvider(prepared, { ...plan, acceptError: true });
  if (found !== undefined)
    for (const { text } of providerWarnings({ ...prepared.manifest.runtime, providerError: found.error }))
      observer.note(`${manifest.id}: ${text}`);
  if (canonicalJson(prepared.manifest.hashes.graph) !== canonicalJson(manifest.hashes.graph))
    observer.note(`${manifest.id}: ${otherGraphs(manifest)}`);
  return { plan, prepared };
}

/** Throws HarnessError where a program of a user's own answers and its command is not given: none is taken from a stored run. */
function requireProgram({ id, variant, weights }: Manifest, { registry }: FreshLatency): void {
  if (weights.source !== "external" || registry.variants.has(variant.id)) return;
  throw new HarnessError(`${id}: a program of your own answers for it, and a stored run starts none`, {
    hint: `give its command again: --external ${variant.id}="COMMAND"`,
  });
}

function otherGraphs({ external }: Manifest): string {
  if (external === undefined)
    return "was run by another sam-bench; latency is that of the graphs which this one builds";
  return `was answered by ${external.name} in another version, by other files or another command; latency is that of the program which is here`;
}

/** Returns the choice that finds these weights again: ONNX files and a user's program hold their own, and a floor has none. */
function choiceOf(source: Manifest["weights"]["source"]): WeightsChoice {
  return source === "onnx" || source === "external" || source === "none" ? "auto" : source;
}

function requireSameWeights({ id, weights }: Manifest, { weights: found }: Manifest): void {
  if (weights.source === found.source && weights.sha256 === found.sha256) return;
  throw new HarnessError(`${id}: was run on other weights`, {
    found: found.label,
    expected: weights.label,
    hint: "give its checkpoint: --checkpoint VARIANT=FILE",
  });
}
