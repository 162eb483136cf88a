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

const entry = `import { loaders } from ${JSON.stringify(pageModules.loaders)};
import { serve } from ${JSON.stringify(pageModules.worker)};
serve(loaders);
`;

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

/** Bundles the code of a page's worker. A module of Node that something reaches is an error of the bundler's, which names both. */
export async function bundlePage(engine: PageEngine): Promise<Bundled> {
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

/** Returns the file of a page's worker. It is bundled once for the same code, and kept in the home folder. */
export async function pageWorker(engine: PageEngine): Promise<string> {
  const { version } = await import("esbuild");
  const code = [pageModules.worker, pageModules.loaders, onnx.page, engines[engine]].map((module) =>
    closureHash(module),
  );
  const folder = join(homeFolder(), "pages", sha256([engine, entry, version, ...code].join("\n")).slice(0, 16));
  const file = join(folder, "worker.js");
  if (existsSync(folder) && (await isWhole(folder))) {
    touch(folder);
    return file;
  }
  const { text } = await bundlePage(engine);
  removeUnused(dirname(folder));
  await writeWholeFolder(folder, (partial) => writeFileSync(join(partial, "worker.js"), text));
  return file;
}
