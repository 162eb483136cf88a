import { expect, test } from "vitest";
import { outputText } from "./outputs.ts";

test("outputs of all calls are compared, and the first difference is shown with what stands around it", () => {
  const outs = ["title\nAP 38.6\n", "title\nAP 38.6\n"];
  expect(outputText("output ", [{ name: "here", outs }])).toBe("output  equal in all 2 calls (14 characters)");
  const others = { name: "HEAD~1", outs: [outs[0]!, "title\nAP 38.5\n"] };
  expect(outputText("output ", [{ name: "here", outs }, others])).toBe(
    String.raw`output  differs, first in line 2: here (call 1) "title\nAP 38.6\n", HEAD~1 (call 2) "title\nAP 38.5\n"`,
  );
});

test("an output that only goes on differs where the other ends", () => {
  const outputs = [
    { name: "here", outs: ["a"] },
    { name: "main", outs: ["ab"] },
  ];
  expect(outputText("output ", outputs)).toBe(
    'output  differs, first in line 1: here (call 1) "a", main (call 1) "ab"',
  );
});
