// The cache of V8's code beside a compiled file: a process that begins with it need neither parse nor compile what an earlier one
// of the same command called. V8 itself refuses code of another version of itself, and compiles anew.
import { createHash, randomUUID } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { Script } from "node:vm";

const hashBytes = 32;

/** Runs a compiled file by its URL, and returns what it exports. Where no code is stored for it, this process stores its own. */
export function runCompiled(url) {
  const file = fileURLToPath(url);
  const place = `${file.replace(/\.cjs$/, "")}-${commandOf(process.argv)}.code`;
  const stored = readCode(place);
  const script = new Script(`(function (exports, require, module, importModule) {\n${readFileSync(file, "utf8")}\n})`, {
    filename: url,
    lineOffset: -1,
    cachedData: stored,
  });
  if (stored === undefined || script.cachedDataRejected)
    process.once("exit", (code) => code === 0 && store(place, script));
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(url), module, (specifier) => import(specifier));
  return module.exports;
}

/** Returns the word that says what is done: each command calls other code. */
function commandOf([, , word = ""]) {
  return /^(?:--)?([a-z]{1,12})$/.exec(word)?.[1] ?? "start";
}

/** Returns nothing where nothing is stored, and where a byte differs: damaged code would run, or crash the process. */
function readCode(place) {
  try {
    const bytes = readFileSync(place);
    const code = bytes.subarray(hashBytes);
    return bytes.subarray(0, hashBytes).equals(hashOf(code)) ? code : undefined;
  } catch {
    return undefined;
  }
}

/** Stores the code of all that this process has called. A disk that is full costs the next process its time, and is no error. */
function store(place, script) {
  const beside = `${place}.${randomUUID()}`;
  try {
    const code = script.createCachedData();
    writeFileSync(beside, Buffer.concat([hashOf(code), code]));
    renameSync(beside, place);
  } catch {
    // As said above.
  }
}

function hashOf(bytes) {
  return createHash("sha256").update(bytes).digest();
}
