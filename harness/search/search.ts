import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ImageId, SearchSpace } from "../api.ts";
import { graphCode, protocolCode } from "../build/rowCode.ts";
import { openWeights } from "../build/weights/openedWeights.ts";
import { HarnessError, unknown } from "../errors.ts";
import { miou } from "../metrics/index.ts";
import type { RunPlan } from "../plan/plan.ts";
import { closureHash } from "../plan/plugins/importClosure.ts";
import type { RegisteredVariant, Registry } from "../plan/plugins/registry.ts";
import { runtimeOf } from "../plan/point.ts";
import { random, shuffle } from "../stats/random.ts";
import { mean } from "../stats/summary.ts";
import { planId } from "../store/canonical.ts";
import { checkCandidates, type SearchOutcome } from "./check.ts";
import { type Evaluated, evolve, ranked } from "./evolution.ts";
import { FitnessRunner } from "./fitness.ts";
import { measureParts, relativeLatency } from "./partTimes.ts";
import { openRecord, type SearchRecord } from "./record.ts";
import type { Found, SearchRequest } from "./request.ts";
import { allConfigurations, type Configuration, configurationCount, keyOf, uniformConfigurations } from "./space.ts";

/** An exhaustive search takes on this many configurations at most. */
const most = { exhaustive: 20_000 };

/**
 * Searches the best configuration of a method within latency bounds, by mean IoU on some images of a dataset.
 * Returns nothing where it was stopped: the same request goes on from there.
 * Throws HarnessError where the method has nothing to search, or no configuration is fast enough.
 */
export async function search(request: SearchRequest): Promise<SearchOutcome | undefined> {
  const { plan, method, observer, signal } = request;
  const [chosen] = plan.chosen;
  const space = spaceOf(plan.registry, method, chosen!.variant.preset.id);
  if (chosen!.weights.source === "seeded")
    throw new HarnessError(`${chosen!.variant.preset.id}: masks of seeded weights mean nothing to search by`, {
      hint: "give a checkpoint: --checkpoint VARIANT=FILE",
    });
  for (const { protocol } of plan.prompts)
    if (protocol.prompted !== "annotations" || protocol.metrics[0] !== miou)
      throw new HarnessError(`protocol ${protocol.id}: its figure is no fitness`, {
        found: protocol.metrics[0].title,
        expected: "mean IoU of annotations' prompts",
        hint: "--prompts box or 1p",
      });
  const images = splitImages(plan, request.settings.images);
  const { checkpoint, weightsId } = await openWeights(chosen!, plan.registry);
  try {
    const record = await openRecord(folderOf(request, weightsId, images.seen), observer.note);
    try {
      const runner = new FitnessRunner({ plan, space, checkpoint, weightsId, signal });
      const times =
        record.times ??
        (await measureParts({
          space,
          checkpoint,
          runtime: runtimeOf(plan, plan.chosen[0]!),
          signal,
          progress: (done, total, part) => observer.progress("parts", done, total, part),
        }));
      if (times === undefined) return undefined;
      if (record.times === undefined) await record.storeTimes(times);
      const latencyOf = relativeLatency(space, times);
      const found = await findBest({ request, space, record, runner, latencyOf, seen: images.seen });
      if (found === undefined) return undefined;
      return await checkCandidates({ ...found, request, space, record, runner, latencyOf, times, images });
    } finally {
      await record.close();
    }
  } finally {
    checkpoint.close();
  }
}

interface Finding {
  readonly request: SearchRequest;
  readonly space: SearchSpace;
  readonly record: SearchRecord;
  readonly runner: FitnessRunner;
  readonly latencyOf: (values: Configuration) => number;
  readonly seen: readonly ImageId[];
}

async function findBest(finding: Finding): Promise<Found | undefined> {
  const { request, space, latencyOf } = finding;
  const { settings, signal } = request;
  const { from, to } = settings.latency;
  const allowed = (values: Configuration) => latencyOf(values) >= from && latencyOf(values) <= to;
  const whole = space.genes.map(({ values }) => values[0]!);
  const uniform = uniformWithin(space, latencyOf, to);
  const fitness = evaluator(finding, announce(finding, allowed));
  // The two that the winner is compared with come first: they also show how long one evaluation takes.
  for (const values of [whole, uniform]) if ((await fitness(values)) === undefined) return undefined;
  if (!settings.exhaustive) {
    const evaluated = await evolve({ genes: space.genes, allowed, fitness }, { ...settings, seed: request.plan.seed });
    return signal.aborted ? undefined : { evaluated, whole, uniform };
  }
  const all = new Map<string, Evaluated>();
  for (const values of allConfigurations(space.genes)) {
    if (!allowed(values)) continue;
    const value = await fitness(values);
    if (value === undefined) return undefined;
    all.set(keyOf(values), { values, fitness: value });
  }
  if (all.size === 0)
    throw new HarnessError("no configuration lies within the latency bounds", { hint: "widen them: --latency-from" });
  return { evaluated: ranked(all), whole, uniform };
}

/** Says what is ahead, and returns how many configurations are evaluated at most. */
function announce({ request, space, seen }: Finding, allowed: (values: Configuration) => boolean): number {
  const { settings, observer } = request;
  const count = configurationCount(space.genes);
  const countable = count <= most.exhaustive;
  if (settings.exhaustive && !countable)
    throw new HarnessError("--exhaustive: the space is too large", {
      found: count,
      expected: `at most ${most.exhaustive}`,
    });
  const within = countable ? [...allConfigurations(space.genes)].filter(allowed).length : count;
  const asked = settings.exhaustive ? within : settings.population * (settings.generations + 1);
  const total = Math.min(asked, within) + 2;
  observer.note(
    `${count} configurations${countable ? `, ${within} within the latency bounds` : ""}; at most ${total} are evaluated, each on ${seen.length} images`,
  );
  return total;
}

/** Returns a function that evaluates a configuration by its mean IoU, which the record has where it is known. */
function evaluator({ request, record, runner, seen }: Finding, total: number) {
  const { observer, plan } = request;
  const asked = new Set<string>();
  return async (values: Configuration): Promise<number | undefined> => {
    const known = record.evaluation(values);
    asked.add(keyOf(values));
    if (known === undefined) {
      const ious = await runner.ious(values, seen);
      if (ious === undefined) return undefined;
      if (ious.length === 0)
        throw new HarnessError(`dataset ${plan.dataset.id}: its first ${seen.length} images have nothing to prompt`);
      await record.add({ values, fitness: mean(ious.map(({ value }) => value)), n: ious.length });
    }
    observer.progress("configurations", Math.min(asked.size, total), total, values.join(" "));
    return record.evaluation(values)!.fitness;
  };
}

/** Returns the slowest uniform configuration that keeps the upper bound. */
function uniformWithin(space: SearchSpace, latencyOf: (values: Configuration) => number, bound: number): Configuration {
  const all = uniformConfigurations(space.genes).map((values) => ({ values, latency: latencyOf(values) }));
  const within = all.filter(({ latency }) => latency <= bound).sort((a, b) => b.latency - a.latency);
  if (within[0] !== undefined) return within[0].values;
  const fastest = Math.min(...all.map(({ latency }) => latency));
  throw new HarnessError("--latency: no configuration is that fast", {
    found: bound,
    expected: `at least ${(Math.ceil(100 * fastest) / 100).toFixed(2)} of the whole encoder's time`,
  });
}

function spaceOf(registry: Registry, method: string, base: string): SearchSpace {
  const searchable = registry.methods.filter(({ plugin }) => plugin.searchSpace !== undefined);
  const found = searchable.find((each) => methodName(each) === method);
  if (found === undefined) throw unknown("method to search", method, searchable.map(methodName));
  const space = found.plugin.searchSpace!(base);
  if (space !== undefined) return space;
  const bases = found.plugin.presets.flatMap((preset) => (preset.base === undefined ? [] : [preset.base]));
  throw unknown(`variant for ${method}`, base, [...new Set(bases)]);
}

function methodName({ folder }: Omit<RegisteredVariant, "preset">): string {
  return basename(folder);
}

/** Divides the dataset's images into some that are drawn by the seed, and the rest. */
function splitImages(plan: RunPlan, count: number) {
  const order = shuffle(
    random(plan.seed, "search", "images"),
    plan.dataset.images.map(({ id }) => id),
  );
  if (count > order.length)
    throw new HarnessError("--images: the dataset has fewer", { found: count, expected: `at most ${order.length}` });
  const ascending = (ids: readonly ImageId[]) => [...ids].sort((a, b) => a - b);
  return { seen: ascending(order.slice(0, count)), unseen: ascending(order.slice(count)) };
}

/** Returns the folder of all searches by the same fitness: whatever their bounds and sizes, they share their evaluations. */
function folderOf({ method, plan, results }: SearchRequest, weightsId: string, seen: readonly ImageId[]): string {
  const { variant } = plan.chosen[0]!;
  const identity = {
    weightsId,
    seen,
    fingerprint: plan.dataset.fingerprint,
    seed: plan.seed,
    runtime: runtimeOf(plan, plan.chosen[0]!),
    prompts: plan.prompts.map(({ prompts, protocol }) => [prompts, protocol.id]),
    code: {
      fitness: closureHash(fileURLToPath(new URL("fitness.ts", import.meta.url))),
      graphs: graphCode(variant),
      protocols: plan.prompts.map(({ protocol }) => protocolCode(protocol)),
    },
  };
  return join(results, planId(`search-${method}-${variant.preset.id}`, identity));
}
