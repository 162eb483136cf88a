import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { PageEngine } from "../onnx/providers/web.ts";
import type { PageContent } from "../web/pageContent.ts";
import { type PageFile, type PageFiles, pagePaths, runtimeFiles, sizeOf } from "../web/pageFiles.ts";
import { type PageScript, scriptFile, workerScript } from "../worker/web/bundle.ts";
import type { PreparedModel } from "./models.ts";
import type { PageDescription, ServedModel } from "./page/contract.ts";
import type { ServedPhotos } from "./photos.ts";

const fileOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The page's own files, as they lie in this project. */
const own = { html: fileOf("page/ui/page.html"), css: fileOf("page/ui/page.css") } as const;

/** Modules that the page's two scripts begin with. */
const modules = { page: fileOf("page/main.ts"), worker: fileOf("page/models/worker.ts") } as const;

/** The policy lets the page load its own files, reach its own server, and show pictures that it made itself. */
export const pagePolicy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

export interface ClickedPage {
  readonly models: readonly PreparedModel[];
  readonly photos: ServedPhotos;
  /** Names the build of the runtime that computes in the page. */
  readonly engine: PageEngine;
  /** Words of `bench run` that name the data set. */
  readonly dataWords?: string | undefined;
}

/** Holds what each address of the page gives, and what the page says of itself. */
export interface PageContents {
  readonly contents: ReadonlyMap<string, PageContent>;
  readonly description: PageDescription;
}

/** Returns the page with all that its models load. Throws HarnessError where the runtime for the web is missing, which a model needs. */
export async function pageContents({ models, photos, engine, dataWords }: ClickedPage): Promise<PageContents> {
  const inPages = models.flatMap(({ served: { name }, page }) => (page === undefined ? [] : [{ name, ...page }]));
  const runtime = inPages.length === 0 ? new Map<string, PageFile>() : await runtimeOfPage(engine);
  const runtimeBytes = [...runtime.values()].reduce((sum, file) => sum + sizeOf(file), 0);
  const withRuntime = (model: ServedModel): ServedModel =>
    model.place === "page" ? { ...model, downloadBytes: model.downloadBytes + runtimeBytes } : model;
  const description: PageDescription = {
    models: models.map(({ served }) => withRuntime(served)),
    photos: photos.photos,
    dataWords,
  };
  const loaded = Object.fromEntries(inPages.map((model) => [model.name, model.loaded]));
  const files = new Map<string, PageFile>([
    ["page.css", own.css],
    ["main.js", await scriptFile(pageScript())],
    ...runtime,
    ...inPages.flatMap((model) => [...model.files]),
  ]);
  const contents = new Map<string, PageContent>([
    ["index.html", { bytes: () => readFile(own.html) }],
    ["page.json", { bytes: async () => JSON.stringify(description) }],
    ["models.json", { bytes: async () => JSON.stringify(loaded) }],
    ...[...files].map(([path, file]) => [path, { file }] as const),
    ...photos.contents,
  ]);
  return { contents, description };
}

/** Returns the worker's script and the runtime's files by their addresses. */
async function runtimeOfPage(engine: PageEngine): Promise<PageFiles> {
  const worker = await scriptFile(workerScript(engine, modules.worker));
  return new Map([[pagePaths.worker, worker], ...runtimeFiles(engine)]);
}

function pageScript(): PageScript {
  const entry = `import { start } from ${JSON.stringify(modules.page)};\nvoid start();\n`;
  return { name: "main.js", entry, modules: [modules.page], engine: "wasm" };
}
