import type { PublishedFile } from "../../../api.ts";
import type { RunPlan } from "../../../plan/plan.ts";
import { type SmallModel, smallModels } from "../../../pull/catalog.ts";

/**
 * Writes the line that tells a newcomer how published models come: `bench pull --small`, and its models with their sizes.
 */
export function smallModelsText(models: readonly SmallModel[]): string {
  const names = models.map(({ title, file }) => `${title} (${sizeText(file)})`);
  return `Published models: \`bench pull --small\` brings ${listed(names)}`;
}

/** Returns the small models where all of them were left out for want of their files; none where one is here. */
export function absentSmallModels({ registry, leftOut }: Pick<RunPlan, "registry" | "leftOut">): readonly SmallModel[] {
  const models = smallModels(registry);
  const absent = new Set(leftOut.map(({ variant }) => variant));
  return models.every(({ variant }) => absent.has(variant)) ? models : [];
}

/** Writes the size of a file as `41 MB`, or that its authors name none. */
export function sizeText({ bytes }: PublishedFile): string {
  return bytes === undefined ? "size unknown" : megabytes(bytes);
}

/** Writes the sum of several files, as far as their authors name sizes. */
export function totalText(files: readonly PublishedFile[]): string {
  const known = files.flatMap(({ bytes }) => bytes ?? []);
  const unknown = files.length - known.length;
  if (known.length === 0) return "size unknown";
  const sum = megabytes(known.reduce((total, bytes) => total + bytes, 0));
  return unknown === 0 ? sum : `${sum} and ${unknown} of unknown size`;
}

export function megabytes(bytes: number): string {
  return `${roundedMegabytes(bytes / 1e6)} MB`;
}

export function roundedMegabytes(value: number): number {
  return Number(value.toFixed(value < 10 ? 1 : 0));
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
