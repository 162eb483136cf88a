import type { ImageId } from "../../api.ts";
import type { StoredRun } from "../../store/store.ts";
import { byPrompts, readRunRows } from "../rows.ts";
import type { Side } from "./side.ts";

/**
 * Reads a stored run with its rows into memory: those of the prompts that are asked for, or all where none is. Rows of
 * seeded weights mean nothing and are not read.
 */
export async function readSide(run: StoredRun, prompts?: string): Promise<Side> {
  const seeded = run.manifest.weights.source === "seeded";
  const { images, failures, rows } = seeded ? nothing : await readRunRows(run, { hold: "masks and prompts" });
  const { manifest } = run;
  return only({ manifest, images, failures, byPrompts: byPrompts(rows), turns: await run.latency() }, prompts);
}

const nothing = { images: [], failures: new Map<ImageId, string>(), rows: [] };

/** Returns the side with only the prompts that are asked for; all of them where none is. */
function only(side: Side, prompts: string | undefined): Side {
  if (prompts === undefined) return side;
  const asked = prompts.split(",");
  const protocols = Object.entries(side.manifest.protocols).filter(([name]) => asked.includes(name));
  return { ...side, manifest: { ...side.manifest, protocols: Object.fromEntries(protocols) } };
}
