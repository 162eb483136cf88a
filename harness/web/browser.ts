import { accessSync, constants, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import type * as Playwright from "playwright-core";
import { HarnessError } from "../errors.ts";
import { browserFolder } from "./browserFolder.ts";

/** Variable of the environment that names the browser's program. */
const variable = "CHROMIUM";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/**
 * Has the browser say at once what a page holds, by collecting garbage when it is asked. It would wait for the next collection, ten
 * seconds and longer.
 */
const promptMeasure = "--enable-blink-features=ForceEagerMeasureMemory";

/** A name and no text in the import: compiled code must not need a library that may be missing. */
const driver = "playwright-core";

const require = createRequire(import.meta.url);

/** Libraries that pages need and this project installs for its own development alone, each with what it is asked for. */
const libraries = {
  "playwright-core": "playwright-core/package.json",
  "onnxruntime-web": "onnxruntime-web/wasm",
} as const;

type Library = keyof typeof libraries;

/** Returns the path of the browser: that of `CHROMIUM` in the environment, else the first on the PATH; nothing where there is none. */
export function findBrowser({ PATH = "", [variable]: named }: NodeJS.ProcessEnv = process.env): string | undefined {
  if (named !== undefined && named !== "") return named;
  const places = PATH.split(delimiter).filter((folder) => folder !== "");
  return names.flatMap((name) => places.map((folder) => join(folder, name))).find(isProgram);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Returns what pages need and this machine lacks, each with the line that brings it; empty where `--runtime web` can run. */
export function missingForPages(environment: NodeJS.ProcessEnv = process.env): readonly HarnessError[] {
  const absent = (Object.keys(libraries) as Library[]).filter((name) => fileOf(name) === undefined);
  const missing = absent.map(notInstalled);
  return findBrowser(environment) === undefined ? [...missing, noBrowser()] : missing;
}

function notInstalled(name: Library): HarnessError {
  return new HarnessError(`--runtime web: the package ${name} is not installed`, { hint: `npm install ${name}` });
}

function noBrowser(): HarnessError {
  return new HarnessError("--runtime web: no browser is installed", {
    expected: `one of ${names.join(", ")} on the PATH`,
    hint: `Debian and Ubuntu: apt-get install chromium; another place: ${variable}=/path/to/chromium`,
  });
}

function fileOf(name: Library): string | undefined {
  try {
    return require.resolve(libraries[name]);
  } catch {
    return undefined;
  }
}

/** Tells whether ONNX Runtime's files for the web are installed: a page that the user's own browser opens needs nothing else. */
export function hasWebRuntime(): boolean {
  return fileOf("onnxruntime-web") !== undefined;
}

/** Returns the folder of ONNX Runtime's files for the web. Throws HarnessError where it is not installed. */
export function runtimeFolder(): string {
  const file = fileOf("onnxruntime-web");
  if (file === undefined) throw notInstalled("onnxruntime-web");
  return dirname(file);
}

/** Returns the version of ONNX Runtime for the web. Throws HarnessError where it is not installed. */
export function webRuntimeVersion(): string {
  const { version } = JSON.parse(readFileSync(join(runtimeFolder(), "..", "package.json"), "utf8")) as {
    readonly version: string;
  };
  return version;
}

/** Throws HarnessError for the first thing that pages need and this machine lacks. */
export function requireForPages(): void {
  const [first] = missingForPages();
  if (first !== undefined) throw first;
}

export interface BrowserOptions {
  /** Words of the browser's own command line. */
  readonly settings?: readonly string[] | undefined;
}

/** A browser that runs, with one page. */
export interface StartedBrowser {
  readonly browser: Playwright.Browser;
  readonly page: Playwright.Page;
  /** Ends the browser, and removes all that it wrote. */
  close(): Promise<void>;
}

/**
 * Starts the browser without a window. It is talked to through a pipe, which closes when this process is gone, and then the browser
 * ends. Its sandbox is on, unless the user is root, for whom it refuses to start with one. What it writes is in a folder of its own,
 * which the next start removes where this process could not.
 * Throws HarnessError where it does not start.
 */
export async function startBrowser({ settings = [] }: BrowserOptions = {}): Promise<StartedBrowser> {
  requireForPages();
  const executablePath = findBrowser()!;
  const { chromium } = (await import(driver)) as typeof Playwright;
  const folder = browserFolder();
  try {
    const context = await chromium.launchPersistentContext(folder.profile, {
      executablePath,
      artifactsDir: folder.path,
      env: { ...process.env, ...folder.environment },
      chromiumSandbox: process.getuid?.() !== 0,
      // Containers give /dev/shm 64 MB; photos and graphs on their way to the page need more.
      args: ["--disable-dev-shm-usage", promptMeasure, ...settings],
      // Ctrl-C is the parent's to handle: what is measured comes to its end first.
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
    const [page = await context.newPage()] = context.pages();
    return {
      browser: context.browser()!,
      page,
      async close() {
        await context.close().catch(() => undefined);
        folder.remove();
      },
    };
  } catch (error) {
    folder.remove();
    const message = error instanceof Error ? error.message : String(error);
    throw new HarnessError(`${executablePath}: the browser does not start`, {
      found: message.split("\n")[0],
      hint: `start it by hand to see why; ${variable}=/path/to/chromium names another`,
      cause: error,
    });
  }
}
