import { fork } from "node:child_process";
import { once } from "node:events";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import type { Tensor } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { limits } from "../limits.ts";

type Tensors = Readonly<Record<string, Tensor>>;
type Answer = { readonly outputs: Tensors } | { readonly message: string; readonly hint?: string };

interface Apart {
  /** `cpu` if left out. */
  readonly provider?: string;
  readonly allowedMs?: number;
}

/**
 * Runs a graph once in a process of its own, since a stranger's may crash the runtime or never end, and so may a provider.
 * Throws HarnessError for both, and for what the runtime says of it.
 */
export async function runApart(
  file: string,
  feeds: Tensors,
  wanted: readonly string[],
  { provider = "cpu", allowedMs = limits.onnxTrialMs }: Apart = {},
): Promise<Tensors> {
  const script = fileURLToPath(new URL("apart.mjs", import.meta.url));
  const child = fork(script, [String(allowedMs)], { execArgv: [], serialization: "advanced" });
  const answers: Answer[] = [];
  child.on("message", (message) => answers.push(message as Answer));
  child.send({ file, feeds, wanted, provider });
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  const answer = answers[0];
  if (answer === undefined) {
    const late = signal === "SIGKILL";
    throw new HarnessError(`${basename(file)}: one prompt brings no answer`, {
      found: late ? `none within ${allowedMs / 1000} s` : `its process ended (${signal ?? `exit code ${code}`})`,
      hint: "the graph may loop without end or crash the runtime; export it again, or leave it out",
    });
  }
  if ("outputs" in answer) return answer.outputs;
  throw new HarnessError(answer.message, { hint: answer.hint });
}
