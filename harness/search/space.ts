import type { Gene, Random } from "../api.ts";
import { integer } from "../stats/random.ts";

/** Configuration of an encoder: one value for each gene. */
export type Configuration = readonly number[];

export function keyOf(configuration: Configuration): string {
  return configuration.join("-");
}

/** Sorts the values within each stage, because they may not fall there: so any draw becomes a configuration. */
export function inOrder(genes: readonly Gene[], configuration: Configuration): Configuration {
  const result = [...configuration];
  for (const places of placesByStage(genes)) {
    const sorted = places.map((place) => configuration[place]!).sort((a, b) => a - b);
    for (const [i, place] of places.entries()) result[place] = sorted[i]!;
  }
  return result;
}

export function drawConfiguration(genes: readonly Gene[], random: Random): Configuration {
  return inOrder(
    genes,
    genes.map(({ values }) => values[integer(random, values.length)]!),
  );
}

/** Yields every configuration once. */
export function* allConfigurations(genes: readonly Gene[], begun: Configuration = []): Generator<Configuration> {
  const gene = genes[begun.length];
  if (gene === undefined) {
    yield begun;
    return;
  }
  const least = genes[begun.length - 1]?.stage === gene.stage ? begun.at(-1)! : Number.NEGATIVE_INFINITY;
  for (const value of gene.values) if (value >= least) yield* allConfigurations(genes, [...begun, value]);
}

/** Counts the configurations: each stage has the ways to put k of v values in order with repeats. Its genes share their values. */
export function configurationCount(genes: readonly Gene[]): number {
  return placesByStage(genes).reduce((count, places) => {
    const v = genes[places[0]!]!.values.length;
    return places.reduce((ways, _, i) => (ways * (v + i)) / (i + 1), count);
  }, 1);
}

/** Returns a configuration for each value that every gene may have: all its genes have this value. */
export function uniformConfigurations(genes: readonly Gene[]): readonly Configuration[] {
  const [first, ...others] = genes;
  const shared = first!.values.filter((value) => others.every(({ values }) => values.includes(value)));
  return shared.map((value) => genes.map(() => value));
}

function placesByStage(genes: readonly Gene[]): readonly (readonly number[])[] {
  const stages = new Map<number, number[]>();
  for (const [place, { stage }] of genes.entries()) stages.set(stage, [...(stages.get(stage) ?? []), place]);
  return [...stages.values()];
}
