// Prints where SwiftShader's driver file is, the software device for Vulkan that Chromium brings; exit code 1 where it or
// Vulkan's loader is missing.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folders = ["/usr/lib/chromium", "/usr/lib/chromium-browser", "/opt/google/chrome"];

/** The driver file, or undefined. */
export const swiftShader = loaderIsThere()
  ? folders.map((folder) => `${folder}/vk_swiftshader_icd.json`).find((file) => existsSync(file))
  : undefined;

function loaderIsThere() {
  try {
    return execFileSync("/sbin/ldconfig", ["-p"], { encoding: "utf8" }).includes("libvulkan.so.1 ");
  } catch {
    return false;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (swiftShader === undefined) process.exitCode = 1;
  else console.log(swiftShader);
}
