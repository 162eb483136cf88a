import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { closureOf } from "../plan/plugins/importClosure.ts";
import { loadRegistry, variantOf } from "../plan/plugins/registry.ts";
import { projectRoot } from "../plan/plugins/sources.ts";
import { protocolOf, protocols } from "../protocols/index.ts";
import { graphCode, rowCode } from "./rowCode.ts";

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

test("the code of a method's base is part of its graphs' and its rows' identity", async () => {
  const registry = await loadRegistry();
  const plan = { registry, prompts: [], dataset: await registry.datasets.get("shapes")!.open({ seed: 0, limit: 1 }) };
  const method = variantOf(registry, "sam-fast/sam-nano");
  const folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
  try {
    const own = join(folder, "variant.mjs");
    const codeWith = (text: string) => {
      writeFileSync(own, text);
      const on = { ...method, base: { ...method.base!, file: own } };
      return [graphCode(on), rowCode(plan, on).variant];
    };
    const first = codeWith("export default {};");
    expect(codeWith("export default {};")).toEqual(first);
    for (const [i, code] of codeWith("export default { a: 1 };").entries()) expect(code).not.toBe(first[i]);
    expect(rowCode(plan, method).variant).toMatch(/^[0-9a-f]{64} [0-9a-f]{64}$/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function filesOf(id: string): readonly string[] {
  const { files } = closureOf(fileURLToPath(protocolOf(id).module), { without: ["harness/metrics"] });
  return [...files].map((file) => relative(projectRoot, file));
}
