import { existsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Metafile, Plugin } from "esbuild";
import { homeFolder } from "../../home.ts";
import type { PageEngine } from "../../onnx/providers/web.ts";
import { closureHash } from "../../plan/plugins/importClosure.ts";
import { projectRoot } from "../../plan/plugins/sources.ts";
import { sha256 } from "../../store/canonical.ts";
import { removeUnused, touch } from "../../store/disk/unused.ts";
import { isWhole, writeWholeFolder } from "../../store/disk/wholeFolder.ts";
import { pagePaths } from "../../web/pageFiles.ts";

/** The modules that a page's worker is made of: what answers, and what loads graphs by a variant's rules. */
export const pageModules = {
  worker: fileURLToPath(new URL("page/worker.ts", import.meta.url)),
  loaders: join(projectRoot, "variants", "onnx", "loaders.ts"),
} as const;

/** Paths of the module that variants load graphs by: the one is for Node, the other for a page. */
const onnx = {
  node: fileURLToPath(new URL("../../onnx/index.ts", import.meta.url)),
  page: fileURLToPath(new URL("page/onnx.ts", import.meta.url)),
} as const;

/** A script of a page, as it is bundled. */
export interface PageScript {
  /** Name of its file. */
  readonly name: string;
  /** Text that it begins with: it imports modules by their paths. */
  readonly entry: string;
  /** Modules that the text imports: with all that they import, they are what the script is made of. */
  readonly modules: readonly string[];
  /** Names the build of the runtime that computes in it. */
  readonly engine: PageEngine;
}

/** Returns the script of a page's worker that answers by the function `serve` of a module, which is given what loads graphs. */
export function workerScript(engine: PageEngine, serving: string = pageModules.worker): PageScript {
  const entry = `import { loaders } from ${JSON.stringify(pageModules.loaders)};
import { serve } from ${JSON.stringify(serving)};
serve(loaders);
`;
  return { name: pagePaths.worker, entry, modules: [serving, pageModules.loaders], engine };
}

/** The runtime's build that each engine is in. */
const engines: Readonly<Record<PageEngine, string>> = {
  wasm: fileURLToPath(new URL("page/engine.ts", import.meta.url)),
  webgpu: fileURLToPath(new URL("page/webgpuEngine.ts", import.meta.url)),
};

/** Puts the files of pages in the places of those that they stand for. */
function replacements(engine: PageEngine): Plugin {
  const inPlaceOf = new Map([
    [onnx.node, onnx.page],
    [engines.wasm, engines[engine]],
  ]);
  return {
    name: "files of pages",
    setup(bundler) {
      bundler.onResolve({ filter: /(onnx\/index|\/engine)\.ts$/ }, ({ path, resolveDir }) => {
        const found = inPlaceOf.get(join(resolveDir, path));
        return found === undefined ? undefined : { path: found };
      });
    },
  };
}

export interface Bundled {
  readonly text: string;
  /** Says which files the bundle is made of, and what each imports. */
  readonly made: Metafile;
}

/** Bundles a script of a page. A module of Node that something reaches is an error of the bundler's, which names both. */
export async function bundleScript({ entry, engine }: Omit<PageScript, "name">): Promise<Bundled> {
  const { build } = await import("esbuild");
  const { outputFiles, metafile } = await build({
    stdin: { contents: entry, resolveDir: projectRoot, sourcefile: "page.ts", loader: "ts" },
    absWorkingDir: projectRoot,
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    // The runtime's WebAssembly is served as it is, and not inside of the script.
    conditions: ["onnxruntime-web-use-extern-wasm"],
    plugins: [replacements(engine)],
    logLevel: "silent",
  });
  return { text: outputFiles[0]!.text, made: metafile };
}

/** Returns the file of a page's worker. */
export async function pageWorker(engine: PageEngine): Promise<string> {
  return scriptFile(workerScript(engine));
}

/** Returns the file of a script. It is bundled once for the same code, and kept in the home folder. */
export async function scriptFile({ name, entry, modules, engine }: PageScript): Promise<string> {
  const { version } = await import("esbuild");
  const code = [...modules, onnx.page, engines[engine]].map((module) => closureHash(module));
  const folder = join(homeFolder(), "pages", sha256([engine, entry, version, ...code].join("\n")).slice(0, 16));
  const file = join(folder, name);
  if (existsSync(folder) && (await isWhole(folder))) {
    touch(folder);
    return file;
  }
  const { text } = await bundleScript({ entry, modules, engine });
  removeUnused(dirname(folder));
  await writeWholeFolder(folder, (partial) => writeFileSync(join(partial, name), text));
  return file;
}
