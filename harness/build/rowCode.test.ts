import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { closureOf } from "../plan/plugins/importClosure.ts";
import { projectRoot } from "../plan/plugins/sources.ts";
import { protocolOf, protocols } from "../protocols/index.ts";

test("a protocol's code is its own file and what it imports: no other protocol, no other sampler, no metric", () => {
  expect(filesOf("miou-gtbox")).toEqual(
    expect.arrayContaining(["harness/protocols/gtbox.ts", "harness/prompts/box.ts", "harness/mask/overlap.ts"]),
  );
  expect(filesOf("miou-gtbox").filter((file) => /metrics|prompts\/(?!box|pixels)|gtboxArgmax|coco/.test(file))).toEqual(
    [],
  );
});

test("every protocol names the module that it stands in", async () => {
  for (const { id, module } of protocols) {
    const exported: readonly unknown[] = Object.values(await import(module));
    expect(exported.map((each) => (each as { readonly id?: string }).id)).toContain(id);
  }
});

function filesOf(id: string): readonly string[] {
  const { files } = closureOf(fileURLToPath(protocolOf(id).module), { without: ["harness/metrics"] });
  return [...files].map((file) => relative(projectRoot, file));
}
