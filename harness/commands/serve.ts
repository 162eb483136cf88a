import type { PreparationWatcher } from "../build/preparedRun.ts";
import { HarnessError } from "../errors.ts";
import { isWeb } from "../onnx/providers/web.ts";
import { pickOptions } from "../plan/options.ts";
import { computingOf, requireWritable } from "../serve/computing.ts";
import { requireReplaceable, writePage } from "../serve/folder.ts";
import { pagePort } from "../serve/port.ts";
import { type PreparedPage, preparePage } from "../serve/prepare.ts";
import { requireFreePort, servePage } from "../serve/server.ts";
import { modelSockets } from "../serve/sockets.ts";
import { headings } from "./headings.ts";
import { type Arguments, type Command, type Console, line, listOf, wholeNumber, widthOf } from "./terminal/command.ts";
import { exitCodes } from "./terminal/exitCodes.ts";
import { interrupted, interruptible, requireGoingOn } from "./terminal/interrupt.ts";
import { flagsOf, modelOptions, settingOptions, weightsUnused, withoutDefaults } from "./terminal/planFlags.ts";
import { createSteps, type Steps } from "./terminal/steps.ts";
import { servedText } from "./text/serve.ts";

const shared = ["dataset", "data", "limit", "image", ...modelOptions] as const;

export const serve: Command = {
  ...headings.serve,
  options: {
    port: { describe: "of the page on 127.0.0.1; 0 takes a free one", type: "number", default: pagePort },
    provider: {
      describe:
        "what computes: cpu in the harness; web-wasm1, web-wasm2 and so on, or web-webgpu in the page; the page where models fit, if left out",
      type: "string",
    },
    out: {
      describe: "write the page as files for any web server, with photos where --dataset or --data names them",
      type: "string",
    },
    ...pickOptions(shared),
    dataset: withoutDefaults(pickOptions(["dataset"])).dataset!,
    json: { describe: "print one JSON object", type: "boolean" },
  },
  moreOptions: settingOptions,
  unused: [
    weightsUnused,
    { when: "the page is written as files", holds: ({ out }) => out !== undefined, options: ["port"] },
    {
      when: "the page computes by its own threads",
      holds: ({ provider }) => isWeb(String(provider)),
      options: ["threads"],
    },
  ],
  examples: [
    ["bench serve sam-nano", "a page on this machine: open a photo, click, and see the mask"],
    [
      "bench serve sam-nano sam-nano:mine --checkpoint sam-nano:mine=mine.safetensors",
      "a new checkpoint beside the old",
    ],
    [
      "bench serve sam-vit-b mobilesam --data COCO --dataset coco --limit 50",
      "with photos of a data set, and its masks",
    ],
    [
      "bench serve sam-nano --provider web-wasm1",
      "in the page with one thread; cpu computes here, web-webgpu on a GPU",
    ],
    ["bench serve mobilesam-nano --out page", "the page as files for any web server, to be sent around"],
  ],
  async run(args, console) {
    const names = listOf(args, "variant").flatMap((each) => each.split(","));
    if (names.length > 2) throw new HarnessError("a page shows one model, or two side by side", { found: names });
    const port = portOf(args);
    const folder = args.out as string | undefined;
    const wanted = args.provider === undefined ? undefined : computingOf(String(args.provider));
    if (folder !== undefined && wanted !== undefined) requireWritable(wanted);
    if (folder === undefined) await requireFreePort(port);
    else await requireReplaceable(folder);
    const steps = createSteps(console);
    // The plan has no row of a page: none is measured here.
    const flags = await flagsOf({ ...args, provider: undefined, variants: names.join(",") });
    const prepared = await interruptible(steps, async (signal) => {
      const page = await preparePage({
        flags,
        named: names.length,
        wanted,
        reader: folder === undefined ? "this machine" : "others",
        watcher: (model) => watcherOf(model, steps, signal),
        progress: (done, total, what) => steps.follow("parts", { total, unit: "parts" }).update(done, what),
      });
      requireGoingOn(signal);
      return page;
    });
    return folder === undefined
      ? serveUntilStopped(prepared, { port, args, console })
      : write(prepared, { folder, args, console });
  },
};

function portOf(args: Arguments): number {
  const port = wholeNumber(args, "port", 0);
  if (port > 65_535) throw new HarnessError("--port: no such port", { found: port, expected: "at most 65535" });
  return port;
}

const megabyte = 1e6;

/** Tells on a terminal what is built for a model. */
function watcherOf(model: string, { note, follow }: Steps, signal: AbortSignal): PreparationWatcher {
  return {
    note,
    signal,
    calibration: (done, total) => follow("calibration", { total, unit: "steps" }).update(done, `calibrating ${model}`),
    graphs: (done, total) =>
      follow(`graphs of ${model}`, { total: total / megabyte, unit: "MB" }).update(
        done / megabyte,
        `building ${model}`,
      ),
    overlap: () => undefined,
  };
}

interface Answering {
  readonly args: Arguments;
  readonly console: Console;
}

async function serveUntilStopped(
  { contents, description, models }: PreparedPage,
  { port, args, console }: Answering & { readonly port: number },
): Promise<number> {
  const inHarness = models.filter(({ page }) => page === undefined);
  const sockets = modelSockets(new Map(inHarness.map(({ served, setup }) => [served.name, setup])));
  const server = await servePage({ port, contents, sockets });
  const next = "Ctrl-C ends it";
  line(
    console,
    args.json
      ? JSON.stringify({ address: server.address, models: description.models, photos: description.photos.length })
      : servedText({ description, place: server.address, next, ...widthOf(console) }),
  );
  await interrupted();
  await server.close();
  return exitCodes.done.code;
}

async function write(
  prepared: PreparedPage,
  { folder, args, console }: Answering & { readonly folder: string },
): Promise<number> {
  const steps = createSteps(console);
  await writePage({
    ...prepared,
    folder,
    progress: (done, total, name) => steps.follow("files", { total, unit: "files" }).update(done, name),
  });
  steps.finish();
  const { description } = prepared;
  const next = "README.txt in it says how it is served; LICENCE.txt has the licence of the weights";
  line(
    console,
    args.json
      ? JSON.stringify({ folder, models: description.models, photos: description.photos.length })
      : servedText({ description, place: folder, next, ...widthOf(console) }),
  );
  return exitCodes.done.code;
}
