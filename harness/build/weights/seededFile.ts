import { existsSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { SeededScale } from "../../api.ts";
import { homeFolder } from "../../home.ts";
import type { RegisteredVariant } from "../../plan/plugins/registry.ts";
import { canonicalJson, sha256 } from "../../store/canonical.ts";
import { removeUnused, touch } from "../../store/disk/unused.ts";
import { isWhole, writeWholeFolder } from "../../store/disk/wholeFolder.ts";
import { seededName, shapesTaken, type TensorShapes, writeSeededFile } from "../../weights/index.ts";
import { describeGraphs } from "../build.ts";

const fileName = "seeded-version-1.safetensors";

/**
 * Returns the path of a variant's seeded weights as a file, for a program that reads weights from files. The file is written
 * once, in the home's `seeded`; each time its bytes are checked against their hash, and a damaged one is written again.
 */
export async function seededFileOf(variant: RegisteredVariant): Promise<string> {
  const shapes = await shapesTaken((checkpoint) => describeGraphs({ variant, checkpoint, graph: "fused" }));
  const { id, seededScale } = variant.preset;
  const folder = join(homeFolder(), "seeded", `${id.replaceAll("/", "-")}-${keyOf(shapes, seededScale)}`);
  if (existsSync(folder) && (await isWhole(folder))) touch(folder);
  else {
    rmSync(folder, { recursive: true, force: true });
    removeUnused(dirname(folder));
    await writeWholeFolder(folder, (partial) => writeSeededFile(join(partial, fileName), shapes, seededScale));
  }
  return join(folder, fileName);
}

/** The values follow from names and shapes, and from the scale where there is one. */
function keyOf(shapes: TensorShapes, scale: SeededScale | undefined): string {
  const scaling = scale === undefined ? [] : [seededName(scale)];
  return sha256(canonicalJson([...shapes, ...scaling])).slice(0, 12);
}
