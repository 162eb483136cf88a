import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { homeFolder } from "../home.ts";
import { projectRoot } from "../plan/plugins/sources.ts";
import { watcher } from "./fixtures/testPage.ts";
import { requireReplaceable, writePage } from "./folder.ts";
import type { PageDescription } from "./page/contract.ts";
import { type PreparedPage, preparePage } from "./prepare.ts";

let folder: string;
let page: PreparedPage;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-static-"));
  const checkpoint = [`sam-nano:mine=${join(projectRoot, "variants/sam/sam-nano.safetensors")}`];
  const flags = { variants: "sam-nano,sam-nano:mine", checkpoint, dataset: "photos", limit: 1 };
  page = await preparePage({ flags, named: 2, reader: "others", watcher: () => watcher });
});
afterAll(() => rmSync(folder, { recursive: true }));

const progress = () => undefined;

test("the folder holds all that the page loads, its policy, the licences, and how it is served", async () => {
  const out = join(folder, "page");
  await writePage({ ...page, folder: out, progress });
  const read = (name: string) => readFileSync(join(out, name), "utf8");
  const { models, photos } = JSON.parse(read("page.json")) as PageDescription;
  expect(models.map(({ name, place, runWords }) => [name, place, runWords])).toEqual([
    ["sam-nano", "page", "sam-nano"],
    ["sam-nano:mine", "page", "sam-nano:mine --checkpoint sam-nano:mine=sam-nano.safetensors"],
  ]);
  const loaded = Object.values(JSON.parse(read("models.json")) as Record<string, { graphs: object }>);
  const graphs = loaded.flatMap((each) => Object.values(each.graphs)) as { address: string }[];
  const addresses = [...graphs, ...photos].map(({ address }) => address);
  expect(addresses).toHaveLength(7);
  for (const name of [...addresses, photos[0]!.targets, "main.js", "page.css", "worker.js"])
    expect([name, existsSync(join(out, name))]).toEqual([name, true]);
  expect(read("index.html")).toMatch(
    /<meta charset="utf-8">\s*<meta http-equiv="Content-Security-Policy" content="default-src 'none'/,
  );
  expect(read("README.txt")).toContain("Cross-Origin-Embedder-Policy: require-corp");
  expect(read("README.txt")).toContain("CC BY 2.0");
  expect(read("LICENCE.txt")).toContain("Licence of the weights: MIT");
  // Who gets the page learns nothing of the machine that wrote it.
  const texts = readdirSync(out, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\.(json|js|txt|html|css)$/.test(name),
  );
  const places = [projectRoot, homedir(), homeFolder(), tmpdir()];
  for (const name of texts) expect([name, places.filter((place) => read(name).includes(place))]).toEqual([name, []]);
  await writePage({ ...page, folder: out, progress });
});

test("a folder with other files is left alone, and so is one of this command that was changed", async () => {
  const other = join(folder, "other");
  mkdirSync(other);
  await requireReplaceable(other);
  writeFileSync(join(other, "thesis.txt"), "");
  await expect(requireReplaceable(other)).rejects.toThrow(
    `${other}: holds files that bench serve did not write (found thesis.txt)`,
  );
  await expect(requireReplaceable(join(other, "thesis.txt"))).rejects.toThrow("is no folder");
  const changed = join(folder, "changed");
  await writePage({ ...page, folder: changed, progress });
  writeFileSync(join(changed, "index.html"), "mine");
  await expect(writePage({ ...page, folder: changed, progress })).rejects.toThrow("holds files");
  expect(readFileSync(join(changed, "index.html"), "utf8")).toBe("mine");
  expect(readdirSync(folder).filter((name) => /\.(new|old|partial)/.test(name))).toEqual([]);
});

test("a model that does not fit in a page is not written, with the reason", async () => {
  const [model] = page.models;
  const outside = {
    ...model!,
    page: undefined,
    served: { ...model!.served, reason: "no page takes the rules hq-sam yet" },
  };
  const written = writePage({ ...page, models: [outside], folder: join(folder, "none"), progress });
  await expect(written).rejects.toThrow(
    "sam-nano: can not compute in a page, so that it can not be written (found no page takes the rules hq-sam yet)",
  );
  const flags = { variants: "hq-sam-nano", dataset: "photos", limit: 1 };
  const asked = preparePage({ flags, named: 1, reader: "others", watcher: () => watcher });
  await expect(asked).rejects.toThrow(
    "hq-sam-nano: can not compute in a page (found no page takes the rules hq-sam yet)",
  );
});
