import { expect, test } from "vitest";
import type { PublishedFile } from "../api.ts";
import type { Arrival } from "./inventory.ts";
import { requireAccepted } from "./terms.ts";

const licence = "S-Lab License 1.0";
const terms = { summary: "non-commercial use only", url: "https://example.org/LICENSE" };

function arrival(file: Partial<PublishedFile>, here = false): Arrival {
  return { file: { id: "edge", url: "https://example.org/edge.pth", ...file }, here, partBytes: undefined };
}

const free = arrival({ id: "free", licence: "Apache-2.0" });
const restricted = arrival({ licence, terms });

test("a file whose licence restricts its use comes once the licence is accepted by its name", () => {
  let refused: unknown;
  try {
    requireAccepted([free, restricted], []);
  } catch (error) {
    refused = error;
  }
  expect(refused).toMatchObject({
    message:
      "edge: its licence has to be accepted before it is downloaded (found S-Lab License 1.0: non-commercial use only)",
    hint: 'read https://example.org/LICENSE; if you accept it, say --accept-licence "S-Lab License 1.0"',
  });
  requireAccepted([free, restricted], [licence]);
});

test("other files are brought without a word, and one that is here is not asked for again", () => {
  requireAccepted([free], []);
  requireAccepted([arrival({ licence, terms }, true)], []);
});

test("a licence that no file has is a mistake, also where none asks for one", () => {
  expect(() => requireAccepted([restricted], ["S-Lab"])).toThrow("unknown licence of --accept-licence: S-Lab");
  expect(() => requireAccepted([free], [licence])).toThrow(
    "--accept-licence: no file that is named asks for it (found S-Lab License 1.0)",
  );
});
