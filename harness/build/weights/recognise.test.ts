import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HarnessError } from "../../errors.ts";
import { loadRegistry, type Registry } from "../../plan/plugins/registry.ts";
import { nameOfCheckpoint, variantOfCheckpoint, withRecognisedFiles } from "./recognise.ts";

const project = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const small = project("variants/sam/sam-nano.safetensors");

let folder: string;
let registry: Registry;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "recognise-"));
  registry = await loadRegistry();
  mkdirSync(join(folder, "epoch.pth"));
  copyFileSync(small, join(folder, "New (2).safetensors"));
  writeFileSync(join(folder, "notes.pth"), "no checkpoint");
});
afterAll(() => rmSync(folder, { recursive: true }));

async function errorOf(found: Promise<unknown>): Promise<string> {
  const error: unknown = await found.catch((thrown: unknown) => thrown);
  if (error instanceof HarnessError) return `${error.message}; ${error.hint}`;
  throw new Error("expected a HarnessError");
}

test("a file among the variants, or as a checkpoint's path, gets its variant and its name", async () => {
  const file = join(folder, "New (2).safetensors");
  const pair = `sam-nano:new-2=${file}`;
  expect(await withRecognisedFiles({ variants: `sam-nano,${file}` })).toEqual({
    variants: "sam-nano,sam-nano:new-2",
    checkpoint: [pair],
  });
  expect(await withRecognisedFiles({ variants: file, checkpoint: [file, "sam-vit-b=b.pth"] })).toEqual({
    variants: "sam-nano:new-2",
    checkpoint: [pair, "sam-vit-b=b.pth"],
  });
  const without = { variants: "sam-nano", checkpoint: ["sam-nano:mine=x.pth"] };
  expect(await withRecognisedFiles(without)).toBe(without);
});

test("a file that is called as a variant is gets a row that is not", () => {
  expect(nameOfCheckpoint("sam-nano", "../mobilesam.pt", registry)).toBe("sam-nano:mobilesam-file");
  expect(nameOfCheckpoint("sam-nano", "日本.pt", registry)).toBe("sam-nano:file");
});

test("a file that fits two variants equally is refused with both, unless one is preferred", async () => {
  const variant = registry.variants.get("sam-nano")!;
  // A plug-in finds its sizes by the preset's id.
  const build: typeof variant.plugin.build = (context) => variant.plugin.build({ ...context, preset: variant.preset });
  const twin = { ...variant, preset: { ...variant.preset, id: "twin" }, plugin: { ...variant.plugin, build } };
  const two = {
    ...registry,
    variants: new Map([
      ["sam-nano", variant],
      ["twin", twin],
    ]),
  };
  expect(await errorOf(variantOfCheckpoint(small, two))).toBe(
    `${small}: fits several variants equally (found sam-nano, twin); say which: sam-nano=${small} or twin=${small}`,
  );
  expect(await variantOfCheckpoint(small, two, "twin")).toBe("twin");
  expect(await variantOfCheckpoint(small, two, "other").catch(() => "refused")).toBe("refused");
});

test("a missing file, a folder, a foreign file and a model that is not known are told by the file", async () => {
  const gone = join(folder, "gone.safetensors");
  expect(await errorOf(withRecognisedFiles({ checkpoint: [gone] }))).toContain(`${gone}: `);
  const directory = join(folder, "epoch.pth");
  expect(await errorOf(withRecognisedFiles({ variants: directory }))).toBe(
    `${directory}: a folder, and no checkpoint file; name the .pth, .pt or .safetensors file in it`,
  );
  expect(await errorOf(withRecognisedFiles({ checkpoint: [join(folder, "notes.pth")] }))).toContain("notes.pth: ");
  const other = project("harness/weights/fixtures/plain.pth");
  expect(await errorOf(withRecognisedFiles({ checkpoint: [other] }))).toBe(
    `${other}: fits no variant; bench inspect ${other} shows what it holds, and what keeps it from the nearest variant`,
  );
});

test("a named file is no variant's id", async () => {
  expect(await errorOf(withRecognisedFiles({ variants: "sam-nano:mine=new.pth" }))).toBe(
    "--variants sam-nano:mine=new.pth: names a variant or a file; --checkpoint sam-nano:mine=new.pth names the file, and measures it",
  );
});
