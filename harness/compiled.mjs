// The cache of compiled code: `$SAM_BENCH_HOME/compiled/`. It holds, for each copy of this project, one folder of JavaScript and
// a record that names every file that the folder was made of, with its hash. Where one of them differs, all is compiled anew.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { homeFolder } from "./home.mjs";
import { showSources } from "./sourceStacks.mjs";

/** Path of the project's own folder. */
export const projectRoot = join(dirname(fileURLToPath(import.meta.url)), "..");

/** The modules that processes begin with. */
const starts = [
  "harness/cli.ts",
  "harness/coco/match/exchange/exchangeBlocks.ts",
  "harness/coco/match/matchWorker.ts",
  "harness/diff/sideProcess.ts",
  "harness/onnx/session.ts",
  "harness/worker/providerError.ts",
  "harness/worker/worker.ts",
];

/**
 * Returns the URL of a compiled module that processes begin with, by its path in the project; it compiles what is not compiled
 * as it stands. Returns nothing where the cache can not be written: the module is then run as it is.
 */
export async function compiledModule(path, { root = projectRoot, home = homeFolder() } = {}) {
  try {
    const place = placeOf(root, home);
    const record = validRecord(place, root) ?? (await compileInto(place, root));
    const file = join(dirname(place), record.folder, path.replace(/\.ts$/, ".cjs"));
    showSources();
    return pathToFileURL(file).href;
  } catch {
    // A full disk, a home folder of another user, a syntax error: TypeScript as it is works, or says what is wrong.
    return undefined;
  }
}

/** Returns the modules to compile: those that processes begin with, and the plug-ins that the registry finds. */
export function modulesOf(root) {
  const plugins = [
    ["variants", "variant.ts"],
    ["datasets", "dataset.ts"],
  ].flatMap(([folder, file]) =>
    readdirSync(join(root, folder))
      .sort()
      .map((id) => join(folder, id, file))
      .filter((module) => existsSync(join(root, module))),
  );
  return { starts, plugins };
}

/** Returns the state of a file as text: it changes whenever the file is another one or is written to, save by a copy of a disk. */
export function stampOf(file) {
  return stampIn(statSync(file, { bigint: true }));
}

function stampIn({ dev, ino, size, mtimeNs, ctimeNs }) {
  return [dev, ino, size, mtimeNs, ctimeNs].join(":");
}

export function sha256OfFile(file) {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

function placeOf(root, home) {
  const name = createHash("sha256").update(root).digest("hex").slice(0, 12);
  return join(home, "compiled", `${name}.json`);
}

async function compileInto(place, root) {
  const { compile } = await import("./compile.mjs");
  return compile(place, root);
}

/** Returns the record if it is of these modules, of these sources, and of this version of Node; nothing else is trusted. */
function validRecord(place, root) {
  const record = readRecord(place);
  if (record === undefined) return undefined;
  if (record.node !== process.version || record.modules.join() !== Object.values(modulesOf(root)).flat().join())
    return undefined;
  const folder = join(dirname(place), record.folder);
  const whole =
    record.sources.every((each) => isUnchanged(join(root, each.name), each)) &&
    record.compiled.every((each) => isUnchanged(join(folder, each.name), each));
  return whole ? record : undefined;
}

export function readRecord(place) {
  try {
    return JSON.parse(readFileSync(place, "utf8"));
  } catch {
    // There is none, or it is damaged.
    return undefined;
  }
}

/** A file that was copied or checked out again has other times, and the same bytes. */
function isUnchanged(file, { stamp, sha256 }) {
  const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stats !== undefined && (stampIn(stats) === stamp || sha256OfFile(file) === sha256);
}
