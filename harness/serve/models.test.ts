import { expect, test } from "vitest";
import { shownLicence } from "./models.ts";

const label = { label: "a file", sha256: undefined, meaning: "" } as const;
const licence = { name: "Apache-2.0", url: "https://example.org/licence" };

test("a published file has its licence with its address, and what it restricts", () => {
  expect(shownLicence({ ...label, source: "checkpoint", published: true, licence })).toEqual(licence);
  const restricted = { ...licence, restriction: "non-commercial use only" };
  expect(shownLicence({ ...label, source: "checkpoint", published: true, licence: restricted })).toEqual({
    name: "Apache-2.0, non-commercial use only",
    url: licence.url,
  });
});

test("a checkpoint that somebody made has not the published file's licence, and seeded weights need none", () => {
  expect(shownLicence({ ...label, source: "checkpoint", published: false, licence })).toEqual({
    name: "not known: this is not the published file, which is under Apache-2.0",
  });
  expect(shownLicence({ ...label, source: "checkpoint", published: true })).toBeUndefined();
  expect(shownLicence({ ...label, source: "seeded" })).toEqual({ name: "none is needed: values from a seed" });
  expect(shownLicence(undefined)).toBeUndefined();
});
