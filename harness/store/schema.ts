import { z } from "zod";
import { checked, parseJson } from "../foreign.ts";
import { visible } from "../visible.ts";
import { isRowNameOf } from "./rowName.ts";
import { count, fraction, hash, type Immutable, number, positive, text, whole } from "./schema/fields.ts";
import { migrate, migrations } from "./schema/migrations.ts";

/**
 * A run on disk, in version 2, consists of three files. `manifest.json` says what was run, `rows.jsonl` what came out for each
 * image, `latency.jsonl` how long each stage took. No host names and no folders of the user's: a results folder can be shown
 * around.
 */
export const schemaVersion = 2;

const originalId = z.object({ number: whole, digits: text });

/** A figure with its 95 % interval; `n` counts the annotations behind it. */
export const score = z
  .strictObject({
    value: positive,
    low: positive.optional(),
    high: positive.optional(),
    n: count,
    /** Absent for a fraction. */
    unit: z.literal("clicks").optional(),
  })
  .refine(({ value, low = value, high = value }) => low <= value && value <= high, {
    message: "the value lies outside its interval",
  })
  .refine(({ value, high = value, unit }) => unit !== undefined || high <= 1, { message: "a fraction over 1" });

/** What a warning asks for; reports tell warnings that ask for the same in one sentence. */
export const asks = ["quiet", "rest", "clock", "rounds", "warmup", "processor", "mend", "resume", "merge"] as const;

const warning = z.object({
  about: text,
  text,
  ask: z.enum(asks).optional(),
  /** Cores that other programs kept busy, and cores that there are. */
  cores: z.object({ busy: positive, all: count }).optional(),
});

/** The machine, as measure/environment.ts reads it. */
const environment = z.object({
  cpu: z.object({ model: text, cores: count, flags: z.array(text), governor: text.optional() }),
  memory: z.object({ totalBytes: number, freeBytes: number }),
  limits: z.object({ cores: number.optional(), memoryBytes: number.optional() }),
  os: z.object({ platform: text, arch: text, kernel: text, name: text.optional() }),
  node: text,
  virtual: z.array(text),
  gpus: z.array(z.object({ name: text, memoryBytes: number, driver: text })).optional(),
  /** Load averages over 1, 5 and 15 minutes; Windows has none. */
  load: z.array(number).optional(),
});

const status = z.discriminatedUnion("state", [
  z.object({ state: z.literal("running") }),
  /** The run was stopped before its end by Ctrl-C or a full disk, and can be resumed. */
  z.object({ state: z.literal("stopped"), message: text }),
  /** Names, as `only`, the one phase that was asked for; the other phase can still be measured, and adds to this run. */
  z.object({
    state: z.literal("done"),
    images: count,
    rows: count,
    /** SHA-256 of rows.jsonl as it is. */
    rowsSha256: hash.optional(),
    /** SHA-256 of latency.jsonl as it is. */
    latencySha256: hash.optional(),
    only: z.enum(["accuracy", "latency"]).optional(),
  }),
  /** The variant could not be built or loaded, or its worker died for the third time. */
  z.object({ state: z.literal("failed"), message: text }),
]);

/** Times of one process from its start to its first mask, ms; the file cache was emptied of the graphs before. */
const processStart = z.object({
  /** Says how far the runtime optimised the graphs. */
  optimisation: z.enum(["disabled", "all"]),
  libraryMs: positive,
  readMs: positive,
  /** Time to read the files from the disk; absent where they stayed in the cache, or nobody can tell. */
  coldReadMs: positive.optional(),
  /** The reason for that. */
  stayed: text.optional(),
  createMs: positive,
  encodeMs: positive,
  decodeMs: positive,
  /** Cores that other programs kept busy meanwhile; absent where the platform does not tell. */
  others: positive.optional(),
});

/** Says which provider ran the nodes of one graph, in one run of it; times are in ms. */
export const assignment = z
  .strictObject({
    graph: text,
    /** Nodes of the run without copies. */
    nodes: count,
    fallbacks: z.array(z.strictObject({ operator: text, provider: text, nodes: count, ms: positive })),
    /** Copies between the device's memory and the processor's. */
    copies: z.strictObject({ toProcessor: count, toDevice: count }),
    runMs: positive,
    /** The most that copies take of the run; absent where the device does not time its kernels. */
    copiesShare: fraction.optional(),
  })
  .refine(({ nodes, fallbacks }) => fallbacks.reduce((sum, each) => sum + each.nodes, 0) <= nodes, {
    path: ["fallbacks"],
    message: "more nodes than the graph has",
  });

const manifest = z.object({
  schema: z.literal(schemaVersion),
  /** The id is planId of the resolved plan, and the folder's name. */
  id: text,
  /** ISO 8601, UTC. */
  createdAt: text,
  status,
  plan: z.object({ asPassed: z.array(text), resolved: z.record(text, z.unknown()) }),
  variant: z
    .object({
      id: text,
      /** What the row is called, where the user named its checkpoint. It is no part of the run's identity. */
      name: text.optional(),
      title: text,
      paper: z.object({ title: text, arxiv: text.optional(), year: whole.optional() }),
      size: z.enum(["full", "nano"]),
      notes: z.array(text),
      /** A floor looks at no photo: its accuracy alone is measured. */
      role: z.literal("floor").optional(),
      setting: z.object({ name: text, value: z.number() }).optional(),
    })
    .refine(({ id, name }) => name === undefined || isRowNameOf(name, id), {
      path: ["name"],
      message: "is not the variant's id with a checkpoint's name in it",
    }),
  weights: z.object({
    source: z.enum(["checkpoint", "nano", "seeded", "onnx", "external", "none"]),
    label: text,
    /** The file's name without its folder. */
    file: text.optional(),
    sha256: text.optional(),
    /** True if a checkpoint is its authors' file; a run without this field is shown as one of a checkpoint. */
    published: z.boolean().optional(),
    /** Present where several variants have tensors of these names and shapes: says how the file is known to be this one's. */
    identified: z.enum(["by hash", "as told"]).optional(),
    /** Licence that restricts the use of the weights that the variant's authors publish; a checkpoint may be made of these. */
    licence: z.object({ name: text, summary: text, url: text }).optional(),
    /** Files of a variant that is ONNX files, without their folders. */
    files: z.array(z.object({ name: text, sha256: text })).optional(),
  }),
  /** The program that answers for the variant, if another process does. It is a record: nothing is started from it. */
  external: z
    .object({
      /** Words of the command without folders. */
      command: text,
      name: text,
      versions: z.record(text, text),
      /** The program's own files and those that the command names, without folders. */
      files: z.array(z.object({ name: text, sha256: hash })),
      /** Numbers that the program gives to the tokens of each set. */
      tokens: z.object({ multimask: z.array(count).min(1), single: z.array(count).optional() }).optional(),
    })
    .optional(),
  dataset: z.object({
    id: text,
    fingerprint: text,
    images: count,
    warnings: z.array(text),
    /** Names whose work photos and annotations are, and their licences, a line each. */
    credits: z.array(text).optional(),
    /** The agreement of two people's masks of the same things, and whose masks of which photos were compared. */
    humanAgreement: z.object({ meanIou: fraction, pairs: count, compared: text }).optional(),
    /** Numbers that stand in rows for ids of 2^52 and more, with the digits of the annotation file. */
    originalIds: z.object({ images: z.array(originalId), categories: z.array(originalId) }).optional(),
  }),
  /** Present for a method that learned from images before its graphs were built. */
  calibration: z
    .object({
      dataset: text,
      images: count,
      seed: whole,
      options: z.record(text, text),
      /** sha256 of the stored calibration, values included. */
      hash: text,
      /** sha256 of each image's RGB pixels. */
      imageHashes: z.array(text).optional(),
    })
    .optional(),
  /** Number of the run's images that the calibration learned from; absent where there is none. */
  overlap: count.optional(),
  /** Present for a shard: the part's number, how many parts there are, and how many images the whole has. */
  shard: z.object({ index: count, count, images: count }).optional(),
  /** The shards' runs that this one was merged from, and the kinds of processor that they ran on. */
  merged: z.object({ runs: z.array(text), cpus: z.array(text) }).optional(),
  /** Maps the name of prompts (box, 1p, 3p) to a protocol id. */
  protocols: z.record(text, text),
  seed: whole,
  hashes: z.object({ graph: z.record(text, text), pipeline: text }),
  runtime: z.object({
    provider: text,
    threads: count,
    /** Logical processors that the measured processes were pinned to, such as `0-7`; absent where they were not. */
    cpus: text.optional(),
    onnxruntime: text,
    graphOptimization: text,
    /** True if ONNX Runtime's threads keep spinning after a run. */
    spinning: z.boolean(),
    /**
     * Holds the largest absolute difference of the graphs' outputs from those on the CPU, over the std; present for providers
     * other than cpu.
     */
    providerError: z.object({ encode: number, decode: number.optional() }).optional(),
    /** Says which nodes of each graph ran on another provider than the one asked for; present as `providerError` is. */
    assignments: z.array(assignment).optional(),
    /** Times in which the graphs were opened, ms, where the provider builds engines: the first one holds the building. */
    opening: z.object({ firstMs: positive, againMs: positive }).optional(),
    /** Says what a page's visitor waits for and loads, where a page of a browser computes; no server compressed the bytes. */
    page: z
      .object({
        browser: text,
        downloadBytes: count,
        firstMaskMs: positive,
        /** Bytes that the page holds, as the browser counts them for the page itself. */
        memoryBytes: count.optional(),
        device: text.optional(),
      })
      .optional(),
  }),
  environment,
  /** Identifies the harness by the package's version and the SHA-256 of its sources. */
  harness: z.object({ version: text, sources: text }).optional(),
  /** The commit of the harness, where it runs from a git checkout; it is dirty if there are changes that no commit has. */
  commit: z.object({ hash: text, dirty: z.boolean() }).optional(),
  graphs: z
    .object({
      parameters: count,
      constants: count,
      constantBytes: count,
      /**
       * 10^9 multiply-accumulates of the architecture's published graph, or of what a method computes: one image, one box
       * prompt.
       */
      referenceGmacs: z.object({ encode: number, decode: number }).optional(),
      /** The same for the graphs that run, which leave out padding and widen queries and keys. */
      executedGmacs: z.object({ encode: number, decode: number }).optional(),
      fileBytes: count,
      /** Counts of quantised graphs for one image and one box prompt; they are counted, not measured. */
      theory: z
        .object({
          bitOperations: number,
          floatBitOperations: number,
          storageBytes: number,
          floatStorageBytes: number,
        })
        .optional(),
    })
    .optional(),
  /** VmHWM, by stage, of a process that holds the model and one image, absolute, bytes. */
  modelMemory: z.object({ load: count, encode: count, decode: count }).optional(),
  /** VmHWM of the worker, which holds the data set as well, bytes. */
  harnessMemory: count.optional(),
  /** Bytes that the worker held on the GPU after each stage; present where a GPU ran it and the driver tells. */
  gpuMemory: z.object({ load: count, encode: count, decode: count }).optional(),
  /** Starts of processes in the order in which they were measured; every second optimised nothing. */
  coldStart: z.array(processStart).optional(),
  /**
   * Energy of images that were encoded and prompted with one box each, with what the machine draws when idle: `idleWatts` is the
   * power beside that loaded model a moment before.
   */
  energy: z
    .object({
      method: text,
      joules: positive,
      images: count,
      durationMs: positive,
      /** Different values that the meter showed meanwhile. */
      updates: count,
      idleWatts: positive,
    })
    .optional(),
  promptsPerSecond: number.optional(),
  /** Rounds of latency that were taken; a run without this field has all that its plan names. */
  rounds: count.optional(),
  /** Figures that need the dataset's annotations beside the rows (AP, AR), in their units, by prompts name. */
  scores: z.record(text, z.record(text, score)).optional(),
  /**
   * The code that computed the scores: a digest of the harness, and of each metric's own code with the figures that it gave. The
   * SHA-256 binds these, the scores and the hash of the rows that they were computed of.
   */
  scored: z
    .object({
      sources: text,
      metrics: z.record(text, z.object({ code: hash, figures: z.array(text) })).optional(),
      sha256: hash,
    })
    .optional(),
  /** Fields that a migration left out, each with a sentence that says why: the name means something else now. */
  absent: z.record(text, text).optional(),
  warnings: z.array(warning),
});

export type ProcessStart = Immutable<z.infer<typeof processStart>>;

export type Manifest = Immutable<z.infer<typeof manifest>>;

/** The fields of a manifest, for records that hold some of them. */
export const manifestFields = manifest.shape;

/** Reads a manifest of this version or an older one. Throws HarnessError naming file and field. */
export function parseManifest(json: string, file: string): Manifest {
  const stored = checked(z.looseObject({ schema: z.int().min(1) }), parseJson(json, file), file);
  const { plan, ...said } = checked(manifest, migrate(stored, { file, version: schemaVersion, migrations }), file);
  // A run may be a stranger's. The plan stays as it is: the id is its hash.
  return { ...withVisibleTexts(said), plan };
}

/**
 * Returns true if an earlier version recorded the run: then it is shown, but neither resumed nor mixed with runs of this
 * version.
 */
export function isEarlier({ absent }: Pick<Manifest, "absent">): boolean {
  return absent !== undefined;
}

/** Returns the value with each text in it made visible, the names of its fields too. */
export function withVisibleTexts<T>(value: T): T {
  if (typeof value === "string") return visible(value) as T;
  if (Array.isArray(value)) return value.map(withVisibleTexts) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [visible(name), withVisibleTexts(each)])) as T;
}
