import { randomUUID } from "node:crypto";
import { createWriteStream, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { readInstallation } from "../build/installation.ts";
import { HarnessError } from "../errors.ts";
import { licenceFile, licenceText, programLicence } from "../portable/licence.ts";
import { hashesFile, isWhole, writeWholeFolder } from "../store/disk/wholeFolder.ts";
import { webRuntimeVersion } from "../web/browser.ts";
import type { PageContent } from "../web/pageContent.ts";
import { streamOf } from "../web/pageFiles.ts";
import type { PreparedModel } from "./models.ts";
import { type PageContents, pagePolicy } from "./page.ts";

const hint = "name another folder, or empty this one";

/** A page that is written as files, for any web server. */
export interface WrittenPage extends PageContents {
  readonly folder: string;
  readonly models: readonly PreparedModel[];
  /** Whose work the photos are, and their licences. */
  readonly credits: readonly string[];
  /** Receives how many of the files are written. */
  progress(done: number, total: number, name: string): void;
}

/** Throws HarnessError for a folder with files that this command did not write: it is replaced as a whole. */
export async function requireReplaceable(folder: string): Promise<void> {
  const stats = statSync(folder, { throwIfNoEntry: false });
  if (stats === undefined) return makeParent(folder);
  if (!stats.isDirectory()) throw new HarnessError(`${folder}: is no folder`, { hint });
  const found = readdirSync(folder).sort();
  // A folder of anything else is not looked through: it may be a home.
  const own = ["page.json", "models.json", hashesFile].every((name) => found.includes(name));
  if (found.length === 0 || (own && (await isWhole(folder)))) return;
  throw new HarnessError(`${folder}: holds files that bench serve did not write`, { found: found[0], hint });
}

function makeParent(folder: string): void {
  try {
    mkdirSync(dirname(resolve(folder)), { recursive: true });
  } catch (cause) {
    throw new HarnessError(`${folder}: can not be made`, { found: (cause as NodeJS.ErrnoException).code, hint, cause });
  }
}

/**
 * Writes the page beside its place and moves it there whole. Throws HarnessError for a model that no page can hold, and as
 * requireReplaceable.
 */
export async function writePage(page: WrittenPage): Promise<void> {
  const { models, contents, progress } = page;
  const outside = models.find((model) => model.page === undefined);
  if (outside !== undefined)
    throw new HarnessError(`${outside.served.name}: can not compute in a page, so that it can not be written`, {
      found: outside.served.reason,
      hint: "leave --out out: bench serve has the harness compute for the page",
    });
  const place = resolve(page.folder);
  const fresh = `${place}.${randomUUID()}.new`;
  const old = `${place}.${randomUUID()}.old`;
  const all = new Map([...contents, ...ownTexts(page)]);
  try {
    await writeWholeFolder(fresh, async (partial) => {
      let done = 0;
      for (const [name, content] of all) {
        await writeContent(join(partial, name), content);
        done += 1;
        progress(done, all.size, name);
      }
    });
    await requireReplaceable(place);
    if (existsSync(place)) renameSync(place, old);
    renameSync(fresh, place);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
    rmSync(old, { recursive: true, force: true });
  }
}

async function writeContent(file: string, content: PageContent): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  if ("file" in content) await pipeline(streamOf(content.file), createWriteStream(file));
  else await writeFile(file, await content.bytes());
}

/** Returns the files that lie in the folder alone, and the page with its policy inside: a web server may send none. */
function ownTexts({ contents, models, credits }: WrittenPage): ReadonlyMap<string, PageContent> {
  const page = contents.get("index.html")!;
  return new Map([
    ["index.html", { bytes: async () => withPolicy(await textOf(page)) }],
    ["README.txt", { bytes: async () => readme(models, credits) }],
    [licenceFile, { bytes: async () => licences(models) }],
  ]);
}

async function textOf(content: PageContent): Promise<string> {
  return "file" in content ? text(streamOf(content.file)) : String(Buffer.from(await content.bytes()));
}

function withPolicy(html: string): string {
  const charset = '<meta charset="utf-8">';
  if (!html.includes(charset)) throw new Error(`page.html has no ${charset} to put the policy behind`);
  return html.replace(charset, `${charset}\n<meta http-equiv="Content-Security-Policy" content="${pagePolicy}">`);
}

function licences(models: readonly PreparedModel[]): string {
  const program = { name: "sam-bench", version: readInstallation().version, licence: programLicence };
  return models
    .flatMap(({ served: { name }, weights }) =>
      weights === undefined ? [] : [licenceText({ variant: { id: name }, weights, program }, "models.json")],
    )
    .join("\n");
}

/** Returns the text that says what the folder is and how it is served. */
function readme(models: readonly PreparedModel[], credits: readonly string[]): string {
  return [
    `A page in which ${models.map(({ served }) => served.name).join(" and ")} can be clicked in. Models compute in the visitor's browser;`,
    "no photo leaves it. Written by sam-bench (bench serve --out).",
    "",
    "Serve this folder by any web server, over https or on localhost; a browser does not open it from a disk. Two headers let it",
    "compute with several threads. Without them it runs with one, and says so:",
    "",
    "  Cross-Origin-Opener-Policy: same-origin",
    "  Cross-Origin-Embedder-Policy: require-corp",
    "",
    `${licenceFile} has the licences of the weights and of this program. The files in ort/ are ONNX Runtime for the web,`,
    `version ${webRuntimeVersion()}, by Microsoft, under the MIT licence (https://github.com/microsoft/onnxruntime).`,
    ...(credits.length === 0 ? [] : ["", ...credits]),
    "",
  ].join("\n");
}
