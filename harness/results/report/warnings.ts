import type { Manifest } from "../../store/schema.ts";
import type { RunRows } from "../rows.ts";

const stateText = { running: "not finished", stopped: "stopped", failed: "failed" } as const;

/** Returns the warnings of the run, and those that follow from its rows and its state. */
export function warningsOf(
  { warnings, dataset, status, shard }: Manifest,
  { images, failures }: RunRows,
): Manifest["warnings"] {
  const found = [...warnings, ...dataset.warnings.map((text) => ({ about: "dataset", text }))];
  const all = images.length + failures.size;
  const [first] = failures;
  // A run that came to its end has counted them itself.
  if (first !== undefined && !warnings.some(({ about }) => about === "images")) {
    const count = `${failures.size} of ${all} image${all === 1 ? "" : "s"} failed and ${failures.size === 1 ? "is" : "are"} in no figure`;
    found.push({ about: "images", text: `${count} (image ${first[0]}: ${first[1]})`, ask: "mend" });
  }
  if (shard !== undefined) {
    const text = `shard ${shard.index} of ${shard.count}, ${dataset.images} of ${shard.images} images; bench merge makes the whole run of all shards`;
    found.push({ about: "run", text, ask: "merge" });
  }
  if (status.state !== "done") {
    const message = "message" in status ? ` (${status.message})` : "";
    const text = `${stateText[status.state]} after ${all} of ${dataset.images} images${message}; the same bench run goes on from there`;
    found.push({ about: "run", text, ask: "resume" });
  }
  return found;
}
