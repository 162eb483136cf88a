import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { BuildContext, VariantManifest } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { homeFolder } from "../home.ts";
import { GraphBuilder } from "../onnx/index.ts";
import type { RegisteredVariant } from "../plan/plugins/registry.ts";
import { seededCheckpoint } from "../weights/index.ts";
import { type BuildRequest, buildVariant } from "./build.ts";

let folder: string;
let cache: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
  cache = join(folder, "cache");
  mkdirSync(join(folder, "plugin"));
  writeFileSync(join(folder, "plugin", "variant.ts"), 'import "./graph.mjs";');
  writeFileSync(join(folder, "plugin", "graph.mjs"), "");
});
afterEach(() => rmSync(folder, { recursive: true }));

const preset: VariantManifest = {
  id: "method/toy",
  title: "Toy",
  paper: { title: "None", year: 2020 },
  size: "nano",
  lacks: [],
  notes: [],
  input: { side: 8, fit: "pad", resize: "bilinear", padValue: 0, mean: [0, 0, 0], std: [1, 1, 1] },
  mask: { path: "direct", interpolation: "bilinear", threshold: ">0" },
};

interface Toy {
  /** Called when the second graph's constant is read. */
  readonly onRead?: () => void;
  readonly values?: number;
}

/** Two graphs that share a weight; the second has a constant of its own. */
function toy({ onRead = () => undefined, values = 3 }: Toy = {}): RegisteredVariant {
  const build = async ({ checkpoint, side = 8, out }: BuildContext) => {
    const shared = checkpoint.take("w", [side, 4]);
    const encoder = new GraphBuilder("encoder");
    encoder.output("y", encoder.op("MatMul", [encoder.input("x", [1, side]), encoder.weight(shared)]));
    await out.write("encoder", encoder.finish());
    const decoder = new GraphBuilder("decoder");
    const table = decoder.constant("table", "float32", [values], () => {
      onRead();
      return new Float32Array(values);
    });
    const product = decoder.op("MatMul", [decoder.input("x", [1, side]), decoder.weight(shared)]);
    decoder.output(
      "y",
      decoder.op("Concat", [product, decoder.op("Unsqueeze", [table, decoder.ints([0])])], { axis: 1 }),
    );
    await out.write("decoder", decoder.finish());
  };
  const unused = () => Promise.reject(new Error("not loaded here"));
  return {
    preset,
    plugin: { presets: [preset], build, load: unused, loadRaw: unused },
    file: join(folder, "plugin", "variant.ts"),
    folder: join(folder, "plugin"),
  };
}

function request(more: Partial<BuildRequest> = {}): BuildRequest {
  return { variant: toy(), checkpoint: seededCheckpoint(), weightsId: "seeded 1", graph: "fused", cache, ...more };
}

test("a build writes every graph, and says what it counted", async () => {
  const built = await buildVariant(request());
  expect(Object.keys(built.files)).toEqual(["encoder", "decoder"]);
  for (const [name, file] of Object.entries(built.files)) expect(file.endsWith(`${name}.onnx`)).toBe(true);
  expect(readdirSync(cache)).toEqual([expect.stringMatching(/^method-toy-fused-[0-9a-f]{12}$/)]);
  const inFolder = readdirSync(join(cache, readdirSync(cache)[0]!));
  expect(inFolder.sort()).toEqual(["README", "decoder.onnx", "encoder.onnx", "sha256.json"]);
  // The shared weight counts once over both graphs, the table never: it is no parameter.
  expect(built.parameters).toBe(32);
  expect(built.graphs.decoder!.counts.constants).toBe(32 + 3 + 1);
  const sizes = [...Object.values(built.files), join(cache, readdirSync(cache)[0]!, "README")].map(
    (file) => statSync(file).size,
  );
  expect(built.fileBytes).toBe(sizes.reduce((sum, size) => sum + size, 0));
  expect(built.cached).toBe(false);
});

test("what a build says of its graphs is told, also when they are there already", async () => {
  const theory = { bitOperations: 64, floatBitOperations: 1024, storageBytes: 40, floatStorageBytes: 128 };
  const quiet = toy();
  const build = async (context: BuildContext) => {
    await quiet.plugin.build(context);
    context.out.note?.("32 weights of 8 bits");
    context.out.theory?.(theory);
  };
  const told = { ...quiet, plugin: { ...quiet.plugin, build } };
  for (const cached of [false, true])
    expect(await buildVariant(request({ variant: told }))).toMatchObject({
      cached,
      theory,
      notes: ["32 weights of 8 bits"],
    });
  expect((await buildVariant(request())).theory).toBeUndefined();
});

test("a build tells how many bytes of the weights it has read, and one that is there already tells nothing", async () => {
  const told: (readonly [number, number])[] = [];
  const progress = (done: number, total: number) => told.push([done, total]);
  const { graphs } = await buildVariant(request({ progress }));
  const total = Object.values(graphs).reduce((sum, { counts }) => sum + counts.constantBytes, 0);
  expect(told).toHaveLength(5);
  expect([told[0], told.at(-1)]).toEqual([
    [0, total],
    [total, total],
  ]);
  await buildVariant(request({ progress }));
  expect(told).toHaveLength(5);
});

test("the second call finds the graphs and reads no weight", async () => {
  const first = await buildVariant(request());
  const onRead = () => {
    throw new Error("read");
  };
  const second = await buildVariant(request({ variant: toy({ onRead }) }));
  expect(second.cached).toBe(true);
  expect({ ...second, cached: false, graphs: 0 }).toEqual({ ...first, graphs: 0 });
});

test("other weights, another graph kind, another side or other sources are built anew", async () => {
  const files = new Set([(await buildVariant(request())).files.encoder]);
  const expectNew = async (more: Partial<BuildRequest> = {}) => {
    const built = await buildVariant(request(more));
    expect(built.cached).toBe(false);
    files.add(built.files.encoder);
  };
  await expectNew({ weightsId: "sha256 of a file" });
  await expectNew({ graph: "reference" });
  await expectNew({ side: 16 });
  await expectNew({ variant: toy({ values: 5 }) });
  for (const name of ["variant.ts", "graph.mjs"]) {
    for (const text of ["// 1", "// 2"]) {
      writeFileSync(join(folder, "plugin", name), `import "./graph.mjs"; ${text}`);
      await expectNew();
    }
  }
  expect(files.size).toBe(9);
});

test("what the variant does not import does not build anew: tests, notes, other sources, hidden folders", async () => {
  await buildVariant(request());
  const plugin = join(folder, "plugin");
  for (const name of ["node_modules", ".git", "strange.ts"]) mkdirSync(join(plugin, name));
  for (const name of ["a.test.ts", "README.md", "other.ts", "node_modules/a.ts", ".git/a.ts"])
    writeFileSync(join(plugin, name), "1");
  expect((await buildVariant(request())).cached).toBe(true);
});

test("a build that fails while it writes leaves nothing behind, and the next one works", async () => {
  const onRead = () => {
    throw new HarnessError("sam.pth: the file is cut off");
  };
  await expect(buildVariant(request({ variant: toy({ onRead }) }))).rejects.toThrow("sam.pth: the file is cut off");
  expect(readdirSync(cache)).toEqual([]);
  expect((await buildVariant(request())).cached).toBe(false);
});

test("a graph with one bit flipped is built again, and so is one that is cut, missing, or without its hash", async () => {
  const { files } = await buildVariant(request());
  const encoder = files.encoder!;
  const hashes = join(files.encoder!, "..", "sha256.json");
  const sound = readFileSync(encoder);
  const flipped = Buffer.from(sound);
  flipped[sound.length - 20]! ^= 1;
  const damages = [
    () => writeFileSync(encoder, flipped),
    () => writeFileSync(encoder, sound.subarray(0, sound.length - 1)),
    () => rmSync(encoder),
    () => rmSync(hashes),
    () => writeFileSync(join(encoder, "..", "encoder.weights"), ""),
  ];
  for (const damage of damages) {
    damage();
    expect((await buildVariant(request())).cached).toBe(false);
    expect(readFileSync(encoder)).toEqual(sound);
    expect((await buildVariant(request())).cached).toBe(true);
  }
});

test("what a killed build left is not taken for finished", async () => {
  const { files } = await buildVariant(request());
  const finished = join(files.encoder!, "..");
  rmSync(finished, { recursive: true });
  const killed = `${finished}.partial-1`;
  mkdirSync(killed);
  writeFileSync(join(killed, "encoder.onnx"), "half");
  const again = await buildVariant(request());
  expect(again.cached).toBe(false);
  expect(readFileSync(again.files.encoder!).toString()).not.toBe("half");
});

test("two builds at once end in one folder", async () => {
  const builds = await Promise.all([buildVariant(request()), buildVariant(request())]);
  expect(builds[0]!.files).toEqual(builds[1]!.files);
  expect(readdirSync(cache).length).toBe(1);
});

test("a build that another process finished meanwhile is taken as it is", async () => {
  const { files } = await buildVariant(request());
  const finished = join(files.encoder!, "..");
  const bytes = readFileSync(files.encoder!);
  rmSync(finished, { recursive: true });
  const onRead = () => {
    mkdirSync(finished);
    writeFileSync(files.encoder!, bytes);
    writeFileSync(files.decoder!, bytes);
  };
  const built = await buildVariant(request({ variant: toy({ onRead }) }));
  expect(built.files).toEqual(files);
  expect(readdirSync(cache)).toEqual([finished.slice(cache.length + 1)]);
  expect(readFileSync(built.files.decoder!).equals(bytes)).toBe(true);
});

test("weights that do not fit fail before anything is written", async () => {
  const checkpoint = {
    ...seededCheckpoint(),
    take: () => {
      throw new HarnessError("sam.pth: weight w is missing");
    },
  };
  await expect(buildVariant(request({ checkpoint }))).rejects.toThrow("sam.pth: weight w is missing");
  expect(existsSync(cache)).toBe(false);
});

test("a tensor that memory can not hold is refused with what it takes", async () => {
  const error = await buildVariant(request({ variant: toy({ values: 2 ** 45 }) })).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(HarnessError);
  expect((error as HarnessError).message).toMatch(
    /not enough memory to build the graphs \(found \d+ MiB free, expected 402653248 MiB\)$/,
  );
  expect(existsSync(cache)).toBe(false);
});

test("a cache folder that can not be made is an error that names the setting", async () => {
  writeFileSync(cache, "a file");
  const error = await buildVariant(request()).catch((reason: unknown) => reason);
  expect((error as HarnessError).message).toBe(`${cache}: graphs can not be kept here (found ENOTDIR)`);
  expect((error as HarnessError).hint).toContain("SAM_BENCH_HOME");
});

test("the home folder is the user's choice, else the platform's cache", () => {
  expect(homeFolder({ SAM_BENCH_HOME: "/data" }, "linux")).toBe("/data");
  expect(homeFolder({ XDG_CACHE_HOME: "/cache" }, "linux")).toBe(join("/cache", "sam-bench"));
  expect(homeFolder({ LOCALAPPDATA: "L" }, "win32")).toBe(join("L", "sam-bench"));
  for (const platform of ["linux", "darwin", "win32"] as const)
    expect(homeFolder({}, platform)).toMatch(/(\.cache|Caches|Local)[/\\]sam-bench$/);
});
