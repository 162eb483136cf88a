// Checks the Python files of this folder with ruff, or with the word "format" formats them. Without ruff it says so and ends well.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL(".", import.meta.url));
const formats = process.argv[2] === "format";

/** Returns ruff's exit code; nothing where ruff is not on the PATH. */
function ruff(...words) {
  const { error, status } = spawnSync("ruff", [...words, folder], { stdio: "inherit" });
  if (error?.code === "ENOENT") return undefined;
  if (error !== undefined) throw error;
  return status ?? 1;
}

const codes = formats ? [ruff("check", "--fix"), ruff("format")] : [ruff("check"), ruff("format", "--check")];
if (codes.includes(undefined))
  console.log("ruff is not on the PATH: variants/external/python is skipped (pip install ruff brings it)");
else process.exitCode = Math.max(...codes);
