import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "../plan/plugins/sources.ts";
import { readInstallation } from "./installation.ts";

test("an installation is told by the package's version and the digest of its code, without git", () => {
  const { version } = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8"));
  const found = readInstallation();
  expect(found).toEqual({ version, sources: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(readInstallation()).toEqual(found);
});
