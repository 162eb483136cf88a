import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { applyBlock, codeBlocks, readPage } from "./commands/fixtures/markdown.ts";
import { projectRoot } from "./plan/plugins/sources.ts";

/** A walk-through may take this long: beside other work it compiles two programs and runs a model. */
const patience = 600_000;

const blocks = codeBlocks(readPage("CONTRIBUTING.md"));

interface Finished {
  readonly code: number | null;
  readonly out: string;
}

let folder: string;
let project: string;
let rowsBefore: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-walks-"));
  project = join(folder, "project");
  cpSync(projectRoot, project, { recursive: true, filter: (path) => isOfProject(relative(projectRoot, path)) });
  symlinkSync(join(projectRoot, "node_modules"), join(project, "node_modules"));
  rowsBefore = await runOf("sam-nano", "before");
}, patience);
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ["A variant", /^layerdrop\/sam-nano(?: \^)? +nano .*\d/m],
  ["A protocol", /n \d+ by noisy-box/],
  ["A metric", /^box +miou-gtbox-argmax +misses +\d/m],
  ["A data set", /Results on labelme, 1 image|labelme, 1 image/],
])(
  "%s: the walk-through does what it says",
  async (walk, shown) => {
    let said = "";
    for (const block of blocks.filter(({ section }) => section === walk)) {
      applyBlock(project, block);
      if (block.language !== "sh") continue;
      const { code, out } = await shell(block.text);
      expect([code, code === 0 ? "" : out]).toEqual([0, ""]);
      said += out;
    }
    expect(said).toMatch(/Tests +\d+ passed/);
    expect(said).toMatch(shown);
  },
  patience,
);

test(
  "what the walk-throughs leave passes types, lint, format and the import table",
  async () => {
    const { code, out } = await shell("npm run check && npx vitest run harness/layers.test.ts");
    expect([code, code === 0 ? "" : out]).toEqual([0, ""]);
  },
  patience,
);

test(
  "no walk-through changes the id of another run",
  async () => {
    expect(await runOf("sam-nano", "after")).toBe(rowsBefore);
  },
  patience,
);

test(
  "each template runs as a copy: a model, a method and a data set",
  async () => {
    mkdirSync(join(project, "photos"));
    const photo = "datasets/photos/images/000000122745.jpg";
    cpSync(join(project, photo), join(project, "photos", "one.jpg"));
    const polygon = [216, 180, 290, 110, 357, 180, 357, 252, 216, 252];
    const record = { width: 480, height: 640, objects: [{ polygon }] };
    writeFileSync(join(project, "photos", "one.json"), JSON.stringify(record));
    for (const line of commandsOfTemplates()) expect(await shell(line)).toMatchObject({ code: 0 });
    const { code, out } = await shell(
      "npx bench run --variants my-model,my-method/sam-nano,sam-nano --weights auto --dataset my-data --data photos --rounds 1 --warmup 0 --results ../templates --json",
    );
    expect([code, code === 0 ? "" : out]).toEqual([0, ""]);
    const { runs } = JSON.parse(out.slice(out.indexOf("{")));
    const found = Object.fromEntries(
      runs.map((run: { variant: string; prompts: Record<string, unknown> }) => [run.variant, run.prompts]),
    );
    expect(Object.keys(found)).toEqual(expect.arrayContaining(["my-model", "my-method/sam-nano", "sam-nano"]));
    // The template of a method is SAM: the same masks, to the last pixel.
    expect(found["my-method/sam-nano"]).toEqual(found["sam-nano"]);
    expect(found["sam-nano"].box.miou.n).toBe(1);
  },
  patience,
);

/** Each template says how it is copied. */
function commandsOfTemplates(): readonly string[] {
  const files = ["variants/templates/model.ts", "variants/templates/method.ts", "datasets/templates/polygons.ts"];
  return files.map((file) => /^\/\/ (mkdir .+ && cp .+)$/m.exec(readFileSync(join(project, file), "utf8"))![1]!);
}

/** The id of a run on one photo. */
async function runOf(variant: string, results: string): Promise<string> {
  const { code, out } = await shell(
    `npx bench run --variants ${variant} --limit 1 --rounds 1 --warmup 0 --no-baseline --results ../${results} >&2 && ls ../${results}`,
  );
  expect([code, code === 0 ? "" : out]).toEqual([0, ""]);
  return out.trim().split("\n").at(-1)!;
}

/** Runs a text in the copy as a reader's shell does. */
function shell(text: string): Promise<Finished> {
  const own = Object.entries(process.env).filter(([name]) => !/^(VITEST|npm_|NODE_ENV|TEST$)/.test(name));
  const env = { ...Object.fromEntries(own), SAM_BENCH_HOME: join(folder, "home"), NO_COLOR: "1", CI: "true" };
  const child = spawn("bash", ["-e", "-o", "pipefail", "-c", text], { cwd: project, env });
  let out = "";
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    out += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, out }));
  });
}

/** Neither what npm and git keep nor what runs have left. */
function isOfProject(path: string): boolean {
  const [top, second] = path.split(sep);
  if (top === "node_modules" || top === ".git") return false;
  return top !== "results" || second === undefined || second === "papers" || /\.(md|svg)$/.test(second);
}
