import { isBuiltin } from "node:module";
import { expect, test } from "vitest";
import { bundlePage } from "./bundle.ts";

test("a page's code is that of load, prepare, timing and upscale, and reaches no module of Node", async () => {
  const { made } = await bundlePage();
  const files = Object.keys(made.inputs);
  expect(files).toEqual(
    expect.arrayContaining([
      "variants/sam-decoder/load.ts",
      "harness/image/prepare.ts",
      "harness/worker/stages/timedStages.ts",
      "harness/mask/upscale/upscale.ts",
    ]),
  );
  expect(files).not.toContain("harness/onnx/session.ts");
  const ofNode = Object.entries(made.inputs).flatMap(([file, { imports }]) =>
    imports.filter(({ path }) => isBuiltin(path)).map(({ path }) => `${file} imports ${path}`),
  );
  expect(ofNode).toEqual([]);
});
