import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PreparedRun } from "../build/preparedRun.ts";
import { HarnessError } from "../errors.ts";
import { encodePng, keptPicture, prepare } from "../image/index.ts";
import type { RunPlan } from "../plan/plan.ts";
import { variantOf } from "../plan/plugins/registry.ts";
import { onDisk } from "../store/disk/disk.ts";

interface KeptDump {
  readonly variant: string;
  readonly file: string;
  /** Parts that the picture's panels show, from the left. */
  readonly parts: readonly string[];
}

/**
 * Writes a PNG for each of the plan's images into the run's folder: it shows the photo once for each part of the encoder, without
 * the tokens that the part left out. Variants that always work on all tokens have no PNG.
 * Throws HarnessError where no variant leaves any out.
 */
export async function dumpKeptTokens(prepared: readonly PreparedRun[], plan: RunPlan, results: string) {
  const dumps: KeptDump[] = [];
  for (const { id, row, setup } of prepared) {
    const { plugin, preset, base } = variantOf(plan.registry, setup.variant);
    const variant = await plugin.load(setup.graphs, setup.runtime, preset, { facts: setup.facts, base });
    try {
      if (variant.keptTokens === undefined) continue;
      for (const image of plan.dataset.images) {
        const photo = await plan.dataset.read(image.id);
        const input = prepare(photo, preset.input);
        const parts = await variant.keptTokens(input);
        const file = join(results, id, `tokens-${image.id}.png`);
        const png = await encodePng(keptPicture(photo, parts, input.geometry));
        await onDisk(file, () => writeFile(file, png));
        dumps.push({ variant: row, file, parts: parts.map(({ stage }) => stage) });
      }
    } finally {
      await variant.close();
    }
  }
  if (dumps.length > 0) return dumps;
  throw new HarnessError("--dump tokens: none of these variants leaves tokens out", {
    found: prepared.map(({ row }) => row).join(", "),
    hint: "name one that does, like sparsevit/sam-nano",
  });
}
