import { isBuiltin } from "node:module";
import { expect, test } from "vitest";
import { bundleScript, workerScript } from "./bundle.ts";

test.each(["wasm", "webgpu"] as const)(
  "a page's code for %s is that of load, prepare, timing and upscale, and reaches no module of Node",
  async (engine) => {
    const { made } = await bundleScript(workerScript(engine));
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
    expect(files.filter((file) => file.endsWith("ngine.ts"))).toHaveLength(1);
    const ofNode = Object.entries(made.inputs).flatMap(([file, { imports }]) =>
      imports.filter(({ path }) => isBuiltin(path)).map(({ path }) => `${file} imports ${path}`),
    );
    expect(ofNode).toEqual([]);
  },
);
