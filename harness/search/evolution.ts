import type { Gene, Random } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { integer, random } from "../stats/random.ts";
import { type Configuration, drawConfiguration, inOrder, keyOf } from "./space.ts";

/** Settings of the authors' search: 25 of 100 become parents, and a gene mutates once in ten times. */
const defaults = {
  parents: 0.25,
  mutation: 0.1,
  /** Draws for one member before the bounds count as impossible. */
  attempts: 20_000,
  /** Draws for a member that the population does not have yet; after that it may stand twice. */
  fresh: 50,
};

export interface Evaluated {
  readonly values: Configuration;
  readonly fitness: number;
}

export interface Problem {
  readonly genes: readonly Gene[];
  /** Tells whether the latency of a configuration lies within the bounds. */
  allowed(values: Configuration): boolean;
  /** Evaluates a configuration: higher is better. Returns nothing where the search is to stop. */
  fitness(values: Configuration): Promise<number | undefined>;
}

interface EvolutionOptions {
  readonly population: number;
  /** Generations after the first population, which is drawn. */
  readonly generations: number;
  readonly seed: number;
}

/**
 * Searches by evolution: the best quarter of all configurations seen so far are parents; half of each new population mutates
 * one of them, the other half crosses two, and what breaks the bounds is drawn again. Returns every configuration seen, the
 * best first; equals stand in the order of their values, so that the winner depends on the seed and the fitness alone.
 * Source: SparseViT, tools/search.py of its authors.
 */
export async function evolve(problem: Problem, options: EvolutionOptions): Promise<readonly Evaluated[]> {
  const seen = new Map<string, Evaluated>();
  let population = fill(problem, options, 0, (stream) => drawConfiguration(problem.genes, stream));
  for (let generation = 1; ; generation++) {
    for (const values of population) {
      const fitness = await problem.fitness(values);
      if (fitness === undefined) return ranked(seen);
      seen.set(keyOf(values), { values, fitness });
    }
    if (generation > options.generations) return ranked(seen);
    const parents = ranked(seen).slice(0, Math.max(1, Math.round(defaults.parents * options.population)));
    const parent = (stream: Random) => parents[integer(stream, parents.length)]!.values;
    population = fill(problem, options, generation, (stream, members) =>
      members < options.population / 2
        ? mutated(problem.genes, parent(stream), stream)
        : crossed(problem.genes, parent(stream), parent(stream), stream),
    );
  }
}

/** Draws a population within the bounds. Throws HarnessError where no draw meets them. */
function fill(
  { genes, allowed }: Problem,
  { population, seed }: EvolutionOptions,
  generation: number,
  draw: (stream: Random, members: number) => Configuration,
): Configuration[] {
  const members = new Map<string, Configuration>();
  for (let member = 0; member < population; member++) {
    const stream = random(seed, "search", generation, member);
    let found: Configuration | undefined;
    for (let attempt = 0; attempt < defaults.attempts; attempt++) {
      const values = draw(stream, member);
      if (!allowed(values)) continue;
      found = values;
      if (!members.has(keyOf(values)) || attempt >= defaults.fresh) break;
    }
    if (found === undefined)
      throw new HarnessError("no configuration was found within the latency bounds", {
        found: `${defaults.attempts} draws of ${genes.length} values`,
        hint: "widen them: --latency, --latency-from",
      });
    members.set(keyOf(found), found);
  }
  return [...members.values()];
}

function mutated(genes: readonly Gene[], parent: Configuration, stream: Random): Configuration {
  const changed = parent.map((value, i) => {
    if (stream.next() >= defaults.mutation) return value;
    const { values } = genes[i]!;
    return values[integer(stream, values.length)]!;
  });
  return inOrder(genes, changed);
}

function crossed(genes: readonly Gene[], a: Configuration, b: Configuration, stream: Random): Configuration {
  return inOrder(
    genes,
    a.map((value, i) => (stream.next() < 0.5 ? value : b[i]!)),
  );
}

export function ranked(seen: ReadonlyMap<string, Evaluated>): readonly Evaluated[] {
  return [...seen.values()].sort((a, b) => b.fitness - a.fitness || compare(a.values, b.values));
}

function compare(a: Configuration, b: Configuration): number {
  const place = a.findIndex((value, i) => value !== b[i]);
  return place < 0 ? 0 : a[place]! - b[place]!;
}
