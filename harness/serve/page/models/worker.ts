import { HarnessError } from "../../../errors.ts";
import { checkedVariant } from "../../../worker/checkedVariant.ts";
import { embeddingModel, type PromptedModel } from "../../../worker/clicked/model.ts";
import { outputChecks } from "../../../worker/outputChecks.ts";
import { deviceName, engine } from "../../../worker/web/page/engine.ts";
import type { PageLoaders } from "../../../worker/web/page/loaders.ts";
import { describedError } from "../../../worker/web/page/pageError.ts";
import { followLoading, prepareRuntime } from "../../../worker/web/page/session.ts";
import type { LoadedFacts, LoadedModel, ModelCalls } from "./link.ts";
import type { WorkerMessage } from "./workerLink.ts";

type Asked = {
  [Name in keyof ModelCalls]: { readonly call: Name; readonly request: ModelCalls[Name]["request"] };
}[keyof ModelCalls];

/** The browser's types name a window here, whose messages need an address. */
const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<Asked>) => void;
  postMessage(message: WorkerMessage): void;
};

const alone = "this page is not isolated by COOP and COEP, so that one thread computes";

/** Answers for one model in a worker of the page. */
export function serve(loaders: PageLoaders): void {
  let model: PromptedModel | undefined;
  const loaded = (): PromptedModel => {
    if (model === undefined) throw new Error("a question before load");
    return model;
  };
  const answerTo = async (asked: Asked): Promise<unknown> => {
    if (asked.call === "encode") return loaded().encode(asked.request);
    if (asked.call === "decode") return loaded().decode({ frame: "image", ...asked.request });
    const opened = await open(asked.request.model, loaders);
    model = opened.model;
    return opened.facts;
  };
  scope.onmessage = ({ data }) =>
    void answerTo(data).then(
      (value) => scope.postMessage({ kind: "answer", value }),
      (thrown: unknown) => {
        const { error, hint } = describedError(thrown);
        scope.postMessage({ kind: "refusal", message: error, hint });
      },
    );
}

async function open(name: string, loaders: PageLoaders): Promise<{ model: PromptedModel; facts: LoadedFacts }> {
  const { preset, rules, graphs, bytes, threads: asked = navigator.hardwareConcurrency } = await modelOf(name);
  const device = await deviceHere();
  // WebAssembly shares memory between threads only where the page is isolated.
  const threads = crossOriginIsolated ? asked : 1;
  prepareRuntime(threads, graphs);
  let arrived = 0;
  let ends = new Map<number, string>();
  await followLoading((more) => {
    arrived += more;
    scope.postMessage({ kind: "arrived", bytes: arrived, compiling: ends.get(arrived) });
  });
  ends = endsOf(bytes, arrived);
  const files = Object.fromEntries(Object.keys(graphs).map((graph) => [graph, graph]));
  const variant = await loaders[rules](files, { provider: engine, threads });
  return {
    model: embeddingModel(checkedVariant(variant, outputChecks(preset)), preset),
    facts: { threads, device, note: crossOriginIsolated ? undefined : alone },
  };
}

/** Returns the graphs by the numbers of bytes at which all of theirs have come, the runtime's before them included. */
function endsOf(bytes: LoadedModel["bytes"], before: number): Map<number, string> {
  const ends = new Map<number, string>();
  let end = before;
  for (const [graph, own] of Object.entries(bytes)) {
    end += own;
    ends.set(end, graph);
  }
  return ends;
}

/** A browser without WebGPU is told of here, before anything is loaded. */
async function deviceHere(): Promise<string | undefined> {
  try {
    return await deviceName();
  } catch (cause) {
    throw new HarnessError(cause instanceof Error ? cause.message : String(cause), {
      hint: "start bench serve with --provider web-wasm1, which every browser computes by; chrome://gpu says why",
      cause,
    });
  }
}

/** The file comes with this script: it is taken as it is. */
async function modelOf(name: string): Promise<LoadedModel> {
  const response = await fetch("models.json");
  if (!response.ok) throw new HarnessError("models.json: the page can not load it", { found: response.status });
  const model = ((await response.json()) as Readonly<Record<string, LoadedModel>>)[name];
  if (model === undefined) throw new HarnessError("models.json: does not name it");
  return model;
}
