import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot, sourcesHash } from "../plan/plugins/sources.ts";
import type { Manifest } from "../store/schema.ts";

/** It is read once: the code that runs is the code that this process began with. */
let known: NonNullable<Manifest["harness"]> | undefined;

/**
 * Identifies the code that runs, also where there is no git checkout: by the package's version, and by a digest of its code.
 */
export function readInstallation(): NonNullable<Manifest["harness"]> {
  known ??= installationHere();
  return known;
}

function installationHere(): NonNullable<Manifest["harness"]> {
  const { version } = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8")) as {
    readonly version: string;
  };
  return { version, sources: sourcesHash(["harness", "variants", "datasets"]) };
}
