import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Prompt } from "../../../harness/api.ts";
import { askHello } from "../../../harness/process/external/hello.ts";
import { ExternalLink } from "../../../harness/process/external/link.ts";
import { photoVariant } from "../../../harness/worker/external/photoVariant.ts";

const python = process.env.SAM_BENCH_PYTHON ?? "python3";
const missing = spawnSync(python, ["--version"], { stdio: "ignore" }).status !== 0;
const PYTHONPATH = fileURLToPath(new URL(".", import.meta.url));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-helper-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A link to a Python program on top of the shipped helper; the standard library is all that it needs. */
function linkTo(name: string, program: string): ExternalLink {
  const file = join(folder, `${name}.py`);
  writeFileSync(file, `from sam_bench_external import Adapter, Problem, serve\n${program}`);
  return new ExternalLink("mine", { words: [python, file], environment: { PYTHONPATH } });
}

const hello = { variant: "mine", preset: null, setting: null, sizes: null };

async function helloError(name: string, program: string): Promise<{ message: string; hint?: string }> {
  const link = linkTo(name, program);
  try {
    return await askHello(link, hello).then(
      () => Promise.reject(new Error("it said what it is")),
      (error: Error) => error,
    );
  } finally {
    await link.close();
  }
}

test.skipIf(missing)(
  "a package whose version is asked for and that is not installed is named, with its pip line (needs Python)",
  async () => {
    const listed = `class Mine(Adapter):\n    packages = ["no-such-package"]\n\nserve(Mine())\n`;
    const atHello = await helloError("listed", listed);
    expect(atHello.message).toMatch(/^mine: hello: Python 3\.[\d.]+ has no no-such-package$/);
    expect(atHello.hint).toBe("pip install no-such-package");
    const atStart = await helloError(
      "early",
      `import importlib.metadata\nimportlib.metadata.version("no-such-package")\n`,
    );
    expect(atStart.message).toBe(
      "mine: its own process ended (exit code 1; its Python has no package no-such-package: pip install no-such-package)",
    );
  },
);

test.skipIf(missing)(
  "a module that can not be imported is named, at the start and while a question is answered (needs Python)",
  async () => {
    expect((await helloError("module", "import no_such_module.part\n")).message).toBe(
      "mine: its own process ended (exit code 1; its Python has no module no_such_module: pip install no_such_module, or the package that holds it)",
    );
    const lazy = `class Mine(Adapter):\n    def describe(self, model):\n        import no_such_module\n\nserve(Mine())\n`;
    expect((await helloError("lazy", lazy)).message).toMatch(/^mine: hello: Python [\d.]+ has no no_such_module$/);
  },
);

/** Answers with the low-res logits that it is given, one less, and with zeros where it is given none. */
const refiner = `
from array import array

class Refiner(Adapter):
    tokens = {"multimask": [0]}
    supports = {"answers": "logits", "logitsSide": 2, "maskInput": True}

    def load(self, model):
        self.threads = model.threads

    def set_image(self, image, stage):
        with stage("encode"):
            self.size = image.height, image.width
        return self.size, (0, 0), (4, 4)

    def decode(self, prompts, which, stage):
        for prompt in prompts:
            with stage("decode"):
                given = array("f", prompt.mask) if prompt.mask is not None else array("f", [0] * 4)
                logits = array("f", [value - 1 for value in given])
            yield [0.5], logits

serve(Refiner())
`;

test.skipIf(missing)(
  "low-res logits that are fed back reach the program, each with its own prompt (needs Python)",
  async () => {
    const link = linkTo("refiner", refiner);
    try {
      const { supports } = await askHello(link, hello);
      await link.ask({ call: "load", fields: { weights: null, graphs: null, threads: 1 } });
      const variant = photoVariant(link, { variant: "mine", supports });
      await variant.setImage({ size: { height: 2, width: 3 }, pixels: new Uint8Array(18) });
      const box = { x0: 0, y0: 0, x1: 3, y1: 2 };
      const prompt = (logits?: readonly number[]): Prompt<"image"> => {
        const mask = logits && { dims: [1, 2, 2], data: Float32Array.from(logits) };
        return { frame: "image", points: [], box, mask };
      };
      const { predictions } = await variant.decode([prompt([5, 6, 7, 8]), prompt(), prompt([-1, -2, -3, -4])], {
        set: "multimask",
      });
      const logits = predictions.map(({ output }) => (output.kind === "logits" ? [...output.lowResLogits.data] : []));
      expect(logits).toEqual([
        [4, 5, 6, 7],
        [-1, -1, -1, -1],
        [-2, -3, -4, -5],
      ]);
    } finally {
      await link.close();
    }
  },
);
