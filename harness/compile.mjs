// Compiles the project for compiled.mjs: one file for each module that a process begins with, with all that it imports. A file
// takes a process about a millisecond to find and open, and the project with its libraries is hundreds of them; code in a file that
// is not called is hardly read.
import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { basename, dirname, join, relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, stop } from "esbuild";
import { modulesOf, readRecord, sha256OfFile, stampOf } from "./compiled.mjs";

const defaults = {
  /** Compiled code of earlier sources is deleted after so many days: a process that runs on it may load more of it. */
  keptDays: 1,
};

/** Where the compiler believes that it writes; the files are stored in the cache. */
const outputs = "compiled";

/** Libraries that every start needs. */
const compiledIn = ["fast-glob", "protobufjs", "yargs", "zod"];

/** The module that holds the project's own plug-ins; it is empty where TypeScript runs as it is. */
const ownModules = join("harness", "plan", "plugins", "ownModules.ts");

/** Compiles the project into a folder beside `place` and writes the record there, which it returns. */
export async function compile(place, root) {
  const { starts, plugins } = modulesOf(root);
  /** Files that the compiled code is made of, by name, each with the hash of what was read. */
  const sources = new Map();
  for (const file of [fileURLToPath(import.meta.url), packageFileOf(fileURLToPath(import.meta.resolve("esbuild")))])
    note(sources, root, file);
  const result = await build({
    absWorkingDir: root,
    entryPoints: starts,
    outbase: root,
    outdir: join(root, outputs),
    outExtension: { ".js": ".cjs" },
    write: false,
    bundle: true,
    // A script, and no module: V8 stores the code of scripts alone.
    format: "cjs",
    platform: "node",
    target: "node20",
    sourcemap: "linked",
    sourcesContent: false,
    logLevel: "silent",
    define: { "import.meta.url": "moduleUrl" },
    plugins: [libraryPlugin(root, sources), sourcePlugin({ root, plugins, sources })],
  }).finally(stop);
  const described = [...sources.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const folder = `${basename(place, ".json")}-${hashOf(described)}`;
  const record = { root, node: process.version, modules: [...starts, ...plugins], sources: described, folder };
  const files = result.outputFiles.map(({ path, text }) => ({
    name: relative(join(root, outputs), path),
    text: path.endsWith(".map") ? withWholePaths(text, dirname(path)) : text,
  }));
  return store(place, record, files);
}

/** Names the sources of a map by their URLs: the map moves, and the sources do not. */
function withWholePaths(map, folder) {
  const parsed = JSON.parse(map);
  return JSON.stringify({ ...parsed, sources: parsed.sources.map((each) => pathToFileURL(join(folder, each)).href) });
}

function note(sources, root, file) {
  const name = relative(root, file);
  if (!sources.has(name)) sources.set(name, describe(file, name));
}

/** Describes a file. The stamp comes first: a file that is written to meanwhile has another one. */
function describe(file, name) {
  const stamp = stampOf(file);
  return { name, stamp, sha256: sha256OfFile(file) };
}

function hashOf(described) {
  const hash = createHash("sha256").update(process.version);
  for (const { name, sha256 } of described) hash.update(`${name} ${sha256}\n`);
  return hash.digest("hex").slice(0, 12);
}

/** Writes the folder and then the record, each whole: another process may do the same at the same time. */
function store(place, record, files) {
  const home = dirname(place);
  const folder = join(home, record.folder);
  const partial = `${folder}.${randomUUID()}.partial`;
  sweep(home);
  try {
    for (const { name, text } of files) {
      mkdirSync(dirname(join(partial, name)), { recursive: true });
      writeFileSync(join(partial, name), text);
    }
    rmSync(folder, { recursive: true, force: true });
    renameSync(partial, folder);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    // Another process was faster: its files have the same names and the same bytes.
    if (!existsSync(folder)) throw error;
  }
  const whole = { ...record, compiled: files.map(({ name }) => describe(join(folder, name), name)) };
  const beside = `${place}.${randomUUID()}`;
  writeFileSync(beside, JSON.stringify(whole));
  renameSync(beside, place);
  return whole;
}

/** Deletes compiled code that no record names any more, and that of projects that are gone. */
function sweep(home) {
  if (!existsSync(home)) return;
  const names = readdirSync(home);
  const used = new Set();
  for (const name of names.filter((each) => each.endsWith(".json"))) {
    const record = readRecord(join(home, name));
    if (record !== undefined && existsSync(record.root)) used.add(record.folder);
    else rmSync(join(home, name), { force: true });
  }
  for (const name of names.filter((each) => !each.endsWith(".json") && !used.has(each)))
    if (Date.now() - statSync(join(home, name)).mtimeMs > defaults.keptDays * 86_400_000)
      rmSync(join(home, name), { recursive: true, force: true });
}

/**
 * Libraries that every start needs are compiled into the code, with what they need themselves: they are hundreds of files. All
 * others stay where they are. Where npm brings another version of a library, its package.json is another file.
 */
function libraryPlugin(root, sources) {
  return {
    name: "libraries",
    setup(building) {
      building.onResolve({ filter: /^[^./]/ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
        if (kind === "entry-point" || isBuiltin(path) || pluginData?.resolving) return undefined;
        if (/^sam-bench(\/|$)/.test(path)) return { path: fileURLToPath(import.meta.resolve(path)) };
        const isInside = importer.includes(`${sep}node_modules${sep}`);
        if (!isInside && !compiledIn.includes(path)) return { path: urlOfLibrary(path, root, sources), external: true };
        const found = await building.resolve(path, { kind, importer, resolveDir, pluginData: { resolving: true } });
        if (found.path !== "") note(sources, root, packageFileOf(found.path));
        return found;
      });
    },
  };
}

function urlOfLibrary(name, root, sources) {
  const url = import.meta.resolve(name);
  note(sources, root, packageFileOf(fileURLToPath(url)));
  return url;
}

/**
 * Writes `importModule(…)` for what a file imports while it runs and that is not compiled in: a script whose code comes from a
 * cache can not import by itself, so whoever runs it does (codeCache.mjs).
 */
function importedFromOutside(text, root, sources) {
  return text
    .replace(/\bimport\("([^"]+)"\)/g, (whole, name) => {
      const inside =
        name.startsWith(".") || isBuiltin(name) || compiledIn.includes(name) || name.startsWith("sam-bench");
      return inside ? whole : `importModule(${JSON.stringify(urlOfLibrary(name, root, sources))})`;
    })
    .replace(/\bimport\((?=\w)/g, "importModule(");
}

function packageFileOf(file) {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const found = join(folder, "package.json");
    if (existsSync(found) && JSON.parse(readFileSync(found, "utf8")).version !== undefined) return found;
    if (folder === dirname(folder)) return file;
  }
}

/** A compiled module goes by the URL of its source: files lie beside that, and hashes of code are hashes of sources. */
function sourcePlugin({ root, plugins, sources }) {
  const own = plugins.map((module) => JSON.stringify(join(root, module)));
  return {
    name: "sources",
    setup(building) {
      building.onLoad({ filter: /\.(ts|mjs|js|cjs)$/ }, ({ path }) => {
        const url = JSON.stringify(pathToFileURL(path).href);
        const name = relative(root, path);
        const stamp = stampOf(path);
        const source = readFileSync(path, "utf8");
        sources.set(name, { name, stamp, sha256: createHash("sha256").update(source).digest("hex") });
        const text =
          name === ownModules
            ? `export const ownModules = { ${own.map((module) => `${module}: () => import(${module})`).join(", ")} };`
            : path.endsWith(".ts")
              ? importedFromOutside(source, root, sources)
              : source;
        return {
          contents: text.includes("import.meta.url") ? `const moduleUrl = ${url}; ${text}` : text,
          loader: path.endsWith(".ts") ? "ts" : "js",
        };
      });
    },
  };
}
