import { createHash } from "node:crypto";
import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { codeCache } from "./codeFacts.ts";
import { projectRoot } from "./sources.ts";

export interface ClosureOptions {
  /** Folders and files of the project that do not count; what only they import does not count either. */
  readonly without?: readonly string[];
}

/**
 * Returns a digest of a module's code and of all code that it imports, however deep: results of other code are other results,
 * and no other file counts. A library of node_modules counts by its name and version. The same code has the same digest wherever
 * it lies, and whatever the module itself is called. An import whose name is computed when the code runs can not be seen here.
 */
export function closureHash(module: string, options: ClosureOptions = {}): string {
  const hash = createHash("sha256");
  const { files, libraries } = closureOf(resolve(module), options);
  const code = codeCache();
  const parts = [...files].map((file) => {
    return { name: labelOf(file, resolve(module)), sha256: code.factsOf(file).sha256 };
  });
  code.store();
  for (const part of parts.sort((a, b) => (a.name < b.name ? -1 : 1))) hash.update(`${part.name} ${part.sha256}\n`);
  for (const library of [...libraries].sort()) hash.update(`${library}\n`);
  return hash.digest("hex");
}

export interface Closure {
  /** Absolute paths, the module's own among them. */
  readonly files: ReadonlySet<string>;
  /** Libraries as `name@version`. */
  readonly libraries: ReadonlySet<string>;
  /** Their package.json files, which say the versions. */
  readonly packages: ReadonlySet<string>;
}

/** Returns the files that a module is made of, and the libraries that they use. */
export function closureOf(module: string, { without = [] }: ClosureOptions = {}): Closure {
  const excluded = without.map((place) => resolve(projectRoot, place));
  const files = new Set<string>();
  const libraries = new Set<string>();
  const packages = new Set<string>();
  const code = codeCache();
  const open = [realpathSync(module)];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    const { specifiers } = code.factsOf(file);
    for (const found of specifiers.flatMap((specifier) => resolveImport(specifier, file) ?? []))
      if ("library" in found) {
        libraries.add(found.library);
        packages.add(found.packageFile);
      } else if (!excluded.some((place) => found.file === place || found.file.startsWith(place + sep)))
        open.push(found.file);
  }
  return { files, libraries, packages };
}

type Imported = { readonly file: string } | Library;

interface Library {
  readonly library: string;
  readonly packageFile: string;
}

function resolveImport(specifier: string, from: string): Imported | undefined {
  if (isBuiltin(specifier)) return undefined;
  const path = pathOf(specifier, from);
  if (path !== undefined) {
    const file = fileAt(path);
    return file === undefined ? undefined : { file };
  }
  if (/^sam-bench(\/|$)/.test(specifier)) return fileFrom(specifier, join(projectRoot, "package.json"));
  return libraryOf(specifier, from) ?? fileFrom(specifier, from);
}

/** Returns the path of a relative, absolute or file: specifier; nothing for any other. */
function pathOf(specifier: string, from: string): string | undefined {
  const bare = specifier.replace(/[?#].*$/, "");
  if (/^\.{0,2}\//.test(bare) || bare === "." || bare === "..") return resolve(dirname(from), bare);
  return bare.startsWith("file:") ? fileURLToPath(bare) : undefined;
}

/** Returns the file as TypeScript's and Node's loaders find it: a name in .js may stand for the .ts that it comes from. */
function fileAt(path: string): string | undefined {
  const sources = path.replace(/\.([cm]?)jsx?$/, ".$1ts");
  const endings = ["", ".ts", ".mts", ".cts", ".tsx", ".js", ".mjs", ".cjs", ".jsx", ".json"];
  const inside = ["index.ts", "index.mts", "index.js", "index.mjs", "index.cjs"].map((name) => join(path, name));
  const candidates = [...endings.map((ending) => path + ending), sources, ...inside];
  const found = candidates.find((candidate) => existsSync(candidate) && statSync(candidate).isFile());
  return found === undefined ? undefined : realpathSync(found);
}

/**
 * Returns the package of node_modules that a specifier names. A package that is linked there from elsewhere is code like the
 * author's own.
 */
function libraryOf(specifier: string, from: string): Library | undefined {
  const name = /^(@[^/]+\/[^/]+|[^@#/][^/]*)/.exec(specifier)?.[0];
  if (name === undefined) return undefined;
  for (let folder = dirname(from); ; folder = dirname(folder)) {
    const packageFile = join(folder, "node_modules", name, "package.json");
    if (existsSync(packageFile)) {
      if (!realpathSync(packageFile).includes(`${sep}node_modules${sep}`)) return undefined;
      const { version } = JSON.parse(readFileSync(packageFile, "utf8")) as { version?: string };
      return { library: `${name}@${version}`, packageFile };
    }
    if (folder === dirname(folder)) return undefined;
  }
}

/** Returns a file by the package's own rules: its exports, or the imports (#name) of the package that `from` is in. */
function fileFrom(specifier: string, from: string): { readonly file: string } | undefined {
  try {
    return { file: realpathSync(createRequire(from).resolve(specifier)) };
  } catch {
    return undefined;
  }
}

/**
 * Returns a file's name in the digest: its place in the project, or else its place beside the module; the module itself has no
 * name.
 */
function labelOf(file: string, module: string): string {
  if (file === realpathSync(module)) return "";
  const inProject = relative(projectRoot, file);
  return inProject.startsWith("..") ? relative(dirname(realpathSync(module)), file) : inProject;
}
