import { describe, expect, test } from "vitest";
import { blvitConfigs } from "./config.ts";
import { expectAsDefined } from "./fixtures/asDefined.ts";

describe("the encoder is its definition", () => {
  test.each([["nano", 0.75]] as const)("%s, prune ratio %s", async (_, pruneRatio) => {
    expect.hasAssertions();
    await expectAsDefined(blvitConfigs["blvit-nano"], pruneRatio);
  });
});
