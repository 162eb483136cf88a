import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { HarnessError } from "../../errors.ts";
import { checked, parseJson } from "../../foreign.ts";
import { requirePython } from "../../plan/external/pythons.ts";
import type { StartedWay, Way } from "./way.ts";

/** Words that `encodePeers.py` takes for each of the runtimes. */
const runtimes = {
  onnxruntime: { runtime: "onnxruntime", precision: [] },
  openvino: { runtime: "openvino", precision: ["f32"] },
  "openvino-bf16": { runtime: "openvino", precision: ["bf16"] },
} as const satisfies Readonly<Record<string, { readonly runtime: string; readonly precision: readonly string[] }>>;

export const encodePeers = Object.keys(runtimes) as readonly (keyof typeof runtimes)[];

/**
 * Returns ways that run a graph by these runtimes of a Python. Throws HarnessError for an unknown one, and where no Python has it.
 */
export async function peerWays(
  names: readonly string[],
  { graph, python }: { readonly graph: string; readonly python: string | undefined },
): Promise<readonly Way[]> {
  const ways = names.map(async (name): Promise<Way> => {
    const peer = encodePeers.find((each) => each === name);
    if (peer === undefined)
      throw new HarnessError("--peers: unknown runtime", { found: name, expected: encodePeers.join(", ") });
    const { runtime, precision } = runtimes[peer];
    const command = await requirePython(`--peers ${name}`, [runtime, "numpy"], python);
    return {
      name,
      start: (threads) => startPeer(name, spawn(command, [script, runtime, graph, String(threads), ...precision])),
    };
  });
  return Promise.all(ways);
}

const script = fileURLToPath(new URL("encodePeers.py", import.meta.url));

const loaded = z.object({ version: z.string() });

const turn = z.object({ durationMs: z.number(), cpuMs: z.number(), peakBytes: z.number() });

function startPeer(name: string, child: ChildProcess): StartedWay {
  const lines = createInterface(child.stdout!)[Symbol.asyncIterator]();
  let said = "";
  child.stderr!.on("data", (chunk) => {
    said = `${said}${chunk}`.slice(-2000);
  });
  // Who writes to a program that ended reads of its end as well.
  child.stdin!.on("error", () => undefined);
  const ended = once(child, "close");
  const answer = async <T>(schema: z.ZodType<T>): Promise<T> => {
    const { value, done } = await lines.next();
    if (done === true) {
      await ended;
      throw new HarnessError(`--peers ${name}: the program ended`, { found: said.trim() });
    }
    return checked(schema, parseJson(value, name), name);
  };
  return {
    load: async () => (await answer(loaded)).version,
    turn() {
      child.stdin!.write("\n");
      return answer(turn);
    },
    async close() {
      child.stdin!.end();
      await ended;
    },
  };
}
