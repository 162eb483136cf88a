import { expect, test } from "vitest";
import { HarnessError } from "../../errors.ts";
import { resolvePlan } from "../plan.ts";
import { measuringNamed, type RunFlags } from "../runFlags.ts";
import { refuseUnusedFiles } from "../unusedFlags.ts";
import { checkpointsOf, isBarePath } from "./checkpoints.ts";
import { nameOfChosen } from "./weights.ts";

const small = { dataset: "shapes", limit: 1, prompts: "box" } as const;

async function rowsOf(flags: RunFlags): Promise<readonly string[]> {
  const all = measuringNamed(flags);
  const plan = await resolvePlan({ ...small, ...all });
  refuseUnusedFiles(plan, all);
  return plan.chosen.map(
    (each) => `${nameOfChosen(each)} ${each.weights.source} ${each.weights.file?.split("/").at(-1)}`,
  );
}

async function errorOf(flags: RunFlags): Promise<string> {
  const error: unknown = await rowsOf(flags).catch((thrown: unknown) => thrown);
  if (error instanceof HarnessError) return `${error.message}; ${error.hint}`;
  throw new Error(`expected a HarnessError, found ${error}`);
}

test("the first = ends the name, and a path that begins with a folder has none", () => {
  expect([...checkpointsOf(["sam-nano:mine=a=b.pth"])]).toEqual([["sam-nano:mine", "a=b.pth"]]);
  expect(["../a=b.pth", "new.pth", "runs/new", "/x=1/y"].map(isBarePath)).toEqual([true, true, true, true]);
  expect(["sam-nano=new.pth", "ptq4sam/sam-nano=runs/new", "sam-nano:mine=../x"].map(isBarePath)).toEqual([
    false,
    false,
    false,
  ]);
});

test("a named checkpoint stands beside its variant, and alone where no variant is named", async () => {
  const checkpoint = ["sam-nano:mine=mine.pth"];
  expect(await rowsOf({ checkpoint })).toEqual(["sam-nano:mine checkpoint mine.pth"]);
  expect(await rowsOf({ variants: "sam-nano", checkpoint: [...checkpoint, "sam-nano:b=b.pth"] })).toEqual([
    "sam-nano nano sam-nano.safetensors",
    "sam-nano:mine checkpoint mine.pth",
    "sam-nano:b checkpoint b.pth",
  ]);
  expect(await rowsOf({ variants: "sam-nano:mine,sam-nano", checkpoint })).toHaveLength(2);
});

test("a method runs on a named checkpoint, and its row says so", async () => {
  const checkpoint = ["sam-nano:mine=mine.pth"];
  expect(await rowsOf({ variants: "sam-fast/sam-nano:mine/per-token,sam-fast/sam-nano", checkpoint })).toEqual([
    "sam-fast/sam-nano:mine/per-token checkpoint mine.pth",
    "sam-fast/sam-nano nano sam-nano.safetensors",
  ]);
  expect(await rowsOf({ variants: "sparsevit/sam-nano:mine", checkpoint, settings: { "global-keep": "0.5" } })).toEqual(
    [expect.stringMatching(/^sparsevit\/sam-nano:mine\/\S*0\.5\S* checkpoint mine\.pth$/)],
  );
});

test("a name behind a method is refused with the line that is meant", async () => {
  expect(await errorOf({ checkpoint: ["sam-fast/sam-nano:mine=m.pth"] })).toBe(
    "--checkpoint sam-fast/sam-nano:mine=m.pth: a named checkpoint is the model's, and methods run on it; --checkpoint sam-nano:mine=m.pth --variants sam-fast/sam-nano:mine",
  );
  expect(await errorOf({ variants: "sam-fast/sam-nano/per-token:mine" })).toContain(
    "sam-fast/sam-nano/per-token:mine: the name stands behind the model whose checkpoint it is (expected sam-fast/sam-nano:mine/per-token)",
  );
});

test("wrong names are refused, each with what a name is", async () => {
  for (const name of ["My", "a b", "", "a:b", "..", "<b>", "x".repeat(41)])
    expect(await errorOf({ checkpoint: [`sam-nano:${name}=m.pth`] })).toContain(
      "expected 1 to 40 of a-z, 0-9, dot, dash and underscore, not signs alone, once, as in sam-nano:mine",
    );
  expect(await errorOf({ checkpoint: ["sam-nano:sam-vit-b=m.pth"] })).toBe(
    "sam-nano:sam-vit-b: sam-vit-b is the id of a variant, and no checkpoint is called by it; give the checkpoint another name",
  );
  expect(await errorOf({ checkpoint: ["sam-nona:mine=m.pth"] })).toContain(
    "unknown variant: sam-nona; did you mean sam-nano?",
  );
  expect(await errorOf({ checkpoint: ["baseline/prompt:mine=m.pth"] })).toContain(
    "baseline/prompt takes no checkpoint that could have a name",
  );
});

test("a name without a file, and two files under one name, are refused", async () => {
  expect(await errorOf({ variants: "sam-nano:mine" })).toBe(
    "sam-nano:mine: no checkpoint of this name is given; --checkpoint sam-nano:mine=FILE",
  );
  expect(await errorOf({ variants: "sam-nano:mni", checkpoint: ["sam-nano:mine=m.pth"] })).toContain("[sam-nano:mine]");
  expect(await errorOf({ checkpoint: ["sam-nano:mine=a.pth", "sam-nano:mine=b.pth"] })).toBe(
    "--checkpoint sam-nano:mine: two files have this name (found a.pth and b.pth); give each a name of its own: --checkpoint sam-nano:NAME=FILE",
  );
});
