import { HarnessError } from "../../harness/errors.ts";

/**
 * Returns the sizes of a preset whose decoder is SAM's.
 * Throws HarnessError for another input side, because that decoder is made for one image embedding.
 */
export function presetSizes<Sizes extends { readonly side: number }>(
  configs: Readonly<Record<string, Sizes>>,
  { id, side }: { readonly id: string; readonly side?: number | undefined },
): Sizes {
  const config = configs[id];
  if (config === undefined) throw new Error(`no preset of these sizes is named ${id}`);
  if (side === undefined || side === config.side) return config;
  throw new HarnessError(`${id}: its decoder is made for one image size`, { found: side, expected: config.side });
}
