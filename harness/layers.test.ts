import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Files that every folder may import. */
const foundation = ["absent", "files", "foreign", "home", "limits", "shellWords", "visible"];

/** Rooms that have no part in a plan yet: they know no plug-in. */
const belowPlan = [
  ...["api", "errors", "mask", "stats", "image", "weights", "coco", "onnx", "quantize", "prompts", "metrics"],
  ...["protocols", "measure", "process", "web", "store"],
];

const belowCommands = [
  ...belowPlan,
  ...[
    "plan",
    "build",
    "worker",
    "results",
    "run",
    "estimate",
    "profile",
    "search",
    "diff",
    "portable",
    "serve",
    "sweep",
    "report",
    "pull",
    "cluster",
    "check",
    "reproduce",
    "history",
  ],
];

/** Rooms that a room may import besides itself and the foundation. "plug-in" stands for variants/ and datasets/. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  api: [],
  errors: [],
  absent: [],
  home: [],
  limits: [],
  shellWords: [],
  visible: [],
  files: ["errors"],
  foreign: ["errors"],
  mask: ["api", "errors"],
  stats: ["api", "errors"],
  image: ["api", "errors"],
  weights: ["api", "errors"],
  coco: ["api", "errors", "mask"],
  check: ["api", "errors", "mask", "image", "coco"],
  reproduce: ["api", "errors", "stats", "plan", "results", "report"],
  history: [...belowPlan, "plan", "results"],
  onnx: ["api", "errors", "weights"],
  quantize: ["api", "errors", "onnx", "stats"],
  prompts: ["api", "errors", "mask", "coco", "stats"],
  metrics: ["api", "errors", "mask", "coco", "stats"],
  protocols: ["api", "errors", "mask", "prompts", "metrics"],
  "plug-in": ["api", "errors", "image", "mask", "coco", "weights", "onnx", "quantize", "stats"],
  measure: ["api", "errors", "stats"],
  process: ["api", "errors", "measure"],
  web: ["api", "errors", "measure", "process"],
  store: ["api", "errors", "stats"],
  cluster: ["api", "errors", "store"],
  plan: belowPlan,
  pull: ["api", "errors", "weights", "store", "plan"],
  build: [...belowPlan, "plan"],
  worker: [...belowPlan, "plan", "build"],
  results: [...belowPlan, "plan"],
  run: [...belowPlan, "plan", "build", "worker", "results"],
  estimate: [...belowPlan, "plan", "build", "results"],
  profile: [...belowPlan, "plan", "build", "worker", "estimate"],
  search: [...belowPlan, "plan", "build", "worker", "run"],
  diff: [...belowPlan, "plan", "build", "worker", "results", "run"],
  portable: [...belowPlan, "plan", "build", "worker", "run", "results"],
  serve: [...belowPlan, "plan", "build", "worker", "results", "run", "portable"],
  sweep: [...belowPlan, "plan", "build", "worker", "run", "results"],
  report: ["api", "errors", "image", "mask", "stats", "metrics", "store", "results"],
  commands: belowCommands,
  perf: [...belowCommands, "commands"],
  gpuCheck: [...belowCommands, "commands"],
  fuzz: [...belowCommands, "commands"],
  notebooks: [...belowCommands, "commands"],
  cli: ["commands", "errors"],
  // Where tests find the golden values and photos that lie beside the project; no shipped file imports it.
  shared: [],
};

/** Each third party is named in one file, so that swapping it is a one-file change; zod is the language of schemas, used anywhere. */
const thirdParties: Readonly<Record<string, readonly string[]>> = {
  sharp: ["harness/image/codec.ts"],
  pngjs: ["harness/image/codec.ts"],
  protobufjs: ["harness/onnx/modelSchema.ts"],
  "onnxruntime-node": ["harness/onnx/session.ts"],
  yauzl: ["harness/weights/torch/zip.ts"],
  yargs: ["harness/cli.ts"],
  vega: ["harness/report/charts/drawing/vega.ts"],
  "vega-lite": ["harness/report/charts/drawing/vega.ts"],
  pdfkit: ["harness/report/charts/drawing/pdf.ts"],
  "@huggingface/transformers": ["harness/portable/transformersJs/fixtures/library.ts"],
  "playwright-core": ["harness/web/browser.ts", "harness/commands/fixtures/browser.ts"],
  "onnxruntime-web": ["harness/worker/web/page/engine.ts", "harness/worker/web/page/webgpuEngine.ts"],
  esbuild: ["harness/worker/web/bundle.ts", "harness/serve/page/ui/fixtures/servedPage.ts"],
  zeromq: ["notebooks/kernel.ts"],
  "fast-glob": ["harness/plan/plugins/registry.ts"],
  ws: ["harness/web/socket.ts"],
  undici: ["harness/pull/http.ts"],
};

interface Import {
  readonly file: string;
  readonly specifier: string;
  readonly dynamic: boolean;
}

const sources = ["datasets", "harness", "notebooks", "variants"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => /(?<!\.test)\.ts$/.test(file))
    .map((file) => join(folder, file)),
);

/** Fixtures are parts of tests, which see everything. */
const shipped = sources.filter((file) => !file.split(sep).includes("fixtures"));

test("imports point down", () => {
  const wrong = importsOf(shipped)
    .filter(({ specifier }) => specifier.startsWith("."))
    .filter(({ file, specifier }) => !mayImport(file, join(dirname(file), specifier)))
    .map(({ file, specifier }) => `${file} imports ${specifier}`);
  expect(wrong).toEqual([]);
});

test("what is shipped needs nothing of the tests", () => {
  // package.json leaves harness/fuzz out of the package: it hunts with what tests have.
  const packaged = shipped.filter((file) => layerOf(file) !== "fuzz");
  const wrong = importsOf(packaged).filter(({ specifier }) => /(^|\/)fixtures\/|\.test\.ts$/.test(specifier));
  expect(wrong).toEqual([]);
});

test("every folder of harness/ has its line in the import table", () => {
  const folders = new Set(sources.map(layerOf));
  expect([...folders].filter((folder) => !(folder in allowed))).toEqual([]);
});

test("each third party is named in one file", () => {
  const wrong = importsOf(sources)
    .filter(({ specifier }) => !specifier.startsWith(".") && !specifier.startsWith("node:") && specifier !== "zod")
    // Fixtures are parts of tests, and may use what runs them.
    .filter(({ file, specifier }) => specifier !== "vitest" || shipped.includes(file))
    .filter(({ file, specifier }) => !homesOf(specifier).includes(file))
    .map(({ file, specifier }) => `${file} imports ${specifier}`);
  expect(wrong).toEqual([]);
});

test("plug-ins are reached through import() in plan/plugins/registry.ts alone", () => {
  const dynamic = importsOf(sources).filter((found) => found.dynamic && /variants|datasets/.test(found.specifier));
  expect(dynamic.filter(({ file }) => file !== "harness/plan/plugins/registry.ts")).toEqual([]);
});

test("no file imports itself by way of others", () => {
  const targets = new Map<string, string[]>();
  for (const { file, specifier } of importsOf(shipped))
    if (specifier.startsWith(".")) targets.set(file, [...(targets.get(file) ?? []), join(dirname(file), specifier)]);
  expect(shipped.flatMap((file) => circleThrough(file, targets) ?? [])).toEqual([]);
});

test("the main process knows a worker by what it is asked and answers, not by its code", () => {
  const text = (file: string) => readFileSync(join(root, file), "utf8");
  const wrong = shipped
    .filter((file) => layerOf(file) === "run")
    .flatMap((file) =>
      [...text(file).matchAll(/^import (?!type)[^;]*?"\.\.\/worker\/(?!workerProcess\.ts)[^"]+"/gm)].map(
        ([found]) => `${file}: ${found}`,
      ),
    );
  expect(wrong).toEqual([]);
});

/** Returns the shortest way from a file back to itself. */
function circleThrough(file: string, targets: ReadonlyMap<string, readonly string[]>): string | undefined {
  const ways = new Map([[file, file]]);
  for (const [at, way] of ways)
    for (const next of targets.get(at) ?? []) {
      if (next === file) return `${way} > ${file}`;
      if (!ways.has(next)) ways.set(next, `${way} > ${next}`);
    }
  return undefined;
}

function importsOf(files: readonly string[]): Import[] {
  return files.flatMap((file) => {
    const text = readFileSync(join(root, file), "utf8");
    const fixed = [...text.matchAll(/^(?:import\s*|(?:import|export)\b[^"';=]*?\bfrom\s*)"([^"]+)"/gm)];
    const dynamic = [...text.matchAll(/\bimport\(\s*[`"]([^`"]+)[`"]/g)];
    return [
      ...fixed.map((match) => ({ file, specifier: match[1]!, dynamic: false })),
      ...dynamic.map((match) => ({ file, specifier: match[1]!, dynamic: true })),
    ];
  });
}

function layerOf(file: string): string {
  const [top, second] = relative(".", file).split(sep);
  if (top === "variants" || top === "datasets") return "plug-in";
  if (top === "notebooks") return top;
  return second!.replace(/\.(ts|mjs)$/, "");
}

function mayImport(from: string, to: string): boolean {
  const source = layerOf(from);
  const target = layerOf(to);
  if (source === target) return source !== "plug-in" || to.startsWith("variants") === from.startsWith("variants");
  if (foundation.includes(target) && !foundation.includes(source) && source !== "api") return true;
  return allowed[source]?.includes(target) ?? false;
}

function homesOf(specifier: string): readonly string[] {
  const parts = specifier.split("/");
  const name = specifier.startsWith("@") ? parts.slice(0, 2).join("/") : parts[0]!;
  return thirdParties[name] ?? [];
}

test("every file and room that the plan of the house names is there, and no room is left out", () => {
  const plan = readFileSync(join(root, "harness", "README.md"), "utf8");
  const named = [...plan.matchAll(/`([\w/.]+(?:\/|\.ts))`/g)].map(([, path]) => path!);
  const missing = named.filter((path) => !existsSync(join(root, "harness", path)) && !existsSync(join(root, path)));
  expect(missing).toEqual([]);
  const picture = readFileSync(join(root, "harness", "run.svg"), "utf8");
  const drawn = [...picture.matchAll(/>(\w+)\/</g)].map(([, name]) => name!);
  expect(drawn).toEqual(expect.arrayContaining(["plan", "build", "run", "worker", "store", "results", "report"]));
  expect(drawn.filter((name) => !named.includes(`${name}/`) && name !== "datasets")).toEqual([]);
  const rooms = readdirSync(join(root, "harness"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(rooms.map(({ name }) => `${name}/`).filter((name) => !named.includes(name))).toEqual([]);
});

test("the plan of the house shows the import table as it is", () => {
  const plan = readFileSync(join(root, "harness", "README.md"), "utf8");
  const [section] = /^## Imports$[\s\S]*?(?=^## )/m.exec(plan)!;
  const shown = shownTable(section);
  // These are for every folder, and the plan says so in a sentence.
  const forAll = [...foundation, "shared"];
  const rooms = Object.keys(allowed).filter((room) => !forAll.includes(room));
  expect([...shown.keys()].sort()).toEqual(rooms.sort());
  for (const room of rooms) expect([room, [...shown.get(room)!].sort()]).toEqual([room, [...allowed[room]!].sort()]);
});

/** Returns what each room may import by the table of a section; "up to `store`" is every row from the first to that of `store`. */
function shownTable(section: string): ReadonlyMap<string, ReadonlySet<string>> {
  const shown = new Map<string, ReadonlySet<string>>();
  const namesIn = (text: string) => [...text.matchAll(/`([\w-]+)`/g)].map(([, name]) => name!);
  for (const [, room, may] of section.matchAll(/^\| ([^|]*`[^|]*) \| ([^|]*) \|$/gm)) {
    const last = /up to `([\w-]+)`/.exec(may!)?.[1];
    const above = [...shown.keys()];
    const upTo = last === undefined ? [] : above.slice(0, above.indexOf(last) + 1);
    const imported = new Set([...upTo, ...namesIn(may!)]);
    for (const name of room!.startsWith("plug-in") ? ["plug-in"] : namesIn(room!)) shown.set(name, imported);
  }
  return shown;
}
