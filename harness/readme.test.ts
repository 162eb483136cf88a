import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import glob from "fast-glob";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bench } from "./commands/fixtures/bench.ts";
import { readPage, unknownCommands } from "./commands/fixtures/markdown.ts";
import { projectRoot } from "./plan/plugins/sources.ts";
import { agreementTable } from "./results/compare/agreement/figures.ts";

const pages = glob.sync("**/*.md", { cwd: projectRoot, ignore: ["**/node_modules/**", "CHANGELOG.md"] }).sort();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("the model's template is the whole of a plug-in from outside: it is found, built and measured", async () => {
  const template = readPage("variants/templates/model.ts");
  const outside = template.replaceAll("../../harness/api.ts", "sam-bench/api");
  writeFileSync(join(folder, "mine.mts"), outside.replaceAll("../../harness/onnx/index.ts", "sam-bench/onnx"));
  const how = [
    "--plugin",
    "mine.mts",
    "--variants",
    "my-model",
    "--limit",
    "1",
    "--rounds",
    "1",
    "--warmup",
    "0",
    "--json",
  ];
  const { code, out } = await bench(["run", ...how], { cwd: folder });
  expect(code).toBe(0);
  const [run] = JSON.parse(out).runs;
  expect(run).toMatchObject({ variant: "my-model", weights: "seeded", status: "done" });
  expect(run.latency.encode.median).toBeGreaterThan(0);
});

test.each(pages)("every command line in %s names a command and options that there are", async (name) => {
  expect(await unknownCommands(readPage(name))).toEqual([]);
});

test.each(pages)("every link in %s leads to a file, and to a heading that the file has", (name) => {
  const dead = linksOf(readPage(name)).filter((link) => !leads(link, name));
  expect(dead).toEqual([]);
});

test("every figure of the agreement that --fail-if takes is on the commands' page", () => {
  const page = readPage("harness/commands/README.md");
  const missing = agreementTable.filter(({ id }) => !page.includes(`\`${id}\``));
  expect(missing.map(({ id }) => id)).toEqual([]);
});

test("README is short enough to be read", () => {
  expect(readPage("README.md").split("\n").length).toBeLessThan(200);
});

/** Returns the links of a page to files and headings of the project; code blocks have none. */
function linksOf(page: string): readonly string[] {
  return [...page.replace(/^```[\s\S]*?^```/gm, "").matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link]) => link!)
    .filter((link) => !/^https?:/.test(link));
}

function leads(link: string, page: string): boolean {
  const [path, heading] = link.split("#");
  const target = path === "" ? join(projectRoot, page) : join(projectRoot, dirname(page), path!);
  if (!existsSync(target)) return false;
  if (heading === undefined) return true;
  const headings = readFileSync(target, "utf8").matchAll(/^#+ (.*)$/gm);
  const anchors = [...headings].map(([, text]) =>
    text!
      .toLowerCase()
      .replace(/[^\w -]/g, "")
      .replaceAll(" ", "-"),
  );
  return anchors.includes(heading);
}
