import { existsSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { homeFolder } from "../../home.ts";
import type { RegisteredVariant } from "../../plan/plugins/registry.ts";
import { canonicalJson, sha256 } from "../../store/canonical.ts";
import { sweep, touch } from "../../store/disk/sweep.ts";
import { isWhole, writeWholeFolder } from "../../store/disk/wholeFolder.ts";
import { shapesTaken, type TensorShapes, writeSeededFile } from "../../weights/index.ts";
import { describeGraphs } from "../build.ts";

const fileName = "seeded-version-1.safetensors";

/**
 * Returns the path of a variant's seeded weights as a file, for a program that reads weights from files. The file is written
 * once, in the home's `seeded`; each time its bytes are checked against their hash, and a damaged one is written again.
 */
export async function seededFileOf(variant: RegisteredVariant): Promise<string> {
  const shapes = await shapesTaken((checkpoint) => describeGraphs({ variant, checkpoint, graph: "fused" }));
  const folder = join(homeFolder(), "seeded", `${variant.preset.id.replaceAll("/", "-")}-${keyOf(shapes)}`);
  if (existsSync(folder) && (await isWhole(folder))) touch(folder);
  else {
    rmSync(folder, { recursive: true, force: true });
    sweep(dirname(folder));
    await writeWholeFolder(folder, (partial) => writeSeededFile(join(partial, fileName), shapes));
  }
  return join(folder, fileName);
}

/** The values follow from names and shapes. */
function keyOf(shapes: TensorShapes): string {
  return sha256(canonicalJson([...shapes])).slice(0, 12);
}
