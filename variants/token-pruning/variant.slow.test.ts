import { describe, expect, test } from "vitest";
import { samConfigs } from "../sam/config.ts";
import { expectAsDefined } from "./fixtures/asDefined.ts";

describe.each(["evit", "evovit"] as const)("%s is its definition", (method) => {
  test.each([["nano", 0.25]] as const)("%s, keep rate %s", async (_, keepRate) => {
    expect.hasAssertions();
    await expectAsDefined(samConfigs["sam-nano"], { method, keepRate });
  });
});
