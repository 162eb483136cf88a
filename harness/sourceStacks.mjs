// Stacks of errors name the lines of the sources where compiled code runs. A source map is read only when a stack is asked for.
import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { fileURLToPath } from "node:url";

const maps = new Map();

/** Lets stacks of this process's errors name the lines of the sources. */
export function showSources() {
  Error.prepareStackTrace = (error, frames) =>
    `${headOf(error)}${frames.map((frame) => `\n    at ${withSource(String(frame))}`).join("")}`;
}

function headOf(error) {
  try {
    return String(error);
  } catch {
    return "Error";
  }
}

/** Returns a frame's text with the place in the source; one of other code stays as it is. */
function withSource(frame) {
  return frame.replace(/(file:\/\/[^\s()]+\.cjs):(\d+):(\d+)/, (place, url, line, column) => {
    const origin = mapOf(url)?.findOrigin?.(Number(line), Number(column));
    return origin?.fileName === undefined ? place : `${origin.fileName}:${origin.lineNumber}:${origin.columnNumber}`;
  });
}

function mapOf(url) {
  if (!maps.has(url)) maps.set(url, readMap(url));
  return maps.get(url);
}

function readMap(url) {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${fileURLToPath(url)}.map`, "utf8")));
  } catch {
    return undefined;
  }
}
