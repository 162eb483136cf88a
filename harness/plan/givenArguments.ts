import { resolve } from "node:path";
import { isCheckpointPath } from "../store/rowName.ts";
import { isBarePath } from "./models/checkpoints.ts";
import type { Option } from "./options.ts";

/** Options whose value is a path, which must be found from wherever the arguments are used. */
const pathOptions = ["data", "boxes", "plugin", "preset"];

/**
 * Returns options as words of a command line, as they were given, but with absolute paths. Defaults say nothing and are left
 * out.
 */
export function givenArguments(
  args: Readonly<Record<string, unknown>>,
  options: Readonly<Record<string, Option>>,
): readonly string[] {
  return Object.entries(options).flatMap(([name, option]) => {
    const value = args[name];
    if (value === undefined || value === option.default) return [];
    const texts = (Array.isArray(value) ? value : [value]).map(String);
    return texts.flatMap((text) => [`--${name}`, absolute(name, text)]);
  });
}

function absolute(name: string, text: string): string {
  if (pathOptions.includes(name)) return resolve(text);
  // A name alone is looked for on the path.
  if (name === "python") return text.includes("/") ? resolve(text) : text;
  if (name === "variants") return text.split(",").map(absoluteFile).join(",");
  if (name !== "checkpoint") return text;
  if (isBarePath(text)) return resolve(text);
  const [variant = "", ...file] = text.split("=");
  return `${variant}=${resolve(file.join("="))}`;
}

/** Returns a file among variants' ids with its whole path, and an id as it is. */
function absoluteFile(text: string): string {
  return isCheckpointPath(text.trim()) ? resolve(text.trim()) : text;
}
