import { type ChildProcess, spawn } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Dealer, Subscriber } from "zeromq";
import type { Output } from "./notebook.ts";

const defaults = {
  /** A kernel that is silent for so long has hung. */
  silenceMs: 300_000,
  /** All messages of a cell have come when none follows for so long. */
  quietMs: 400,
};

const delimiter = "<IDS|MSG>";

interface Message {
  readonly header: { readonly msg_type: string; readonly msg_id: string };
  readonly parent: { readonly msg_id?: string };
  readonly content: Record<string, unknown>;
}

/** Outputs of one cell in their order, and whether it failed. */
export interface Execution {
  readonly outputs: readonly Output[];
  readonly failed: boolean;
}

/**
 * Runs a Jupyter kernel (Deno's, for TypeScript) and speaks with it: the messaging protocol 5.3 over ZeroMQ, signed with
 * HMAC-SHA256. It runs one cell at a time.
 */
export class Kernel {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #key: string;
  readonly #session = randomUUID();
  readonly #shell = new Dealer();
  readonly #iopub = new Subscriber();
  #ended: string | undefined;

  /** Starts a kernel. Relative imports start at `folder`, the notebook's own, as in Jupyter. */
  static async start(folder: string, env: Readonly<Record<string, string>> = {}): Promise<Kernel> {
    const [shell, iopub, stdin, control, heartbeat] = (await freePorts(5)) as [number, number, number, number, number];
    const key = randomUUID();
    const scratch = mkdtempSync(join(tmpdir(), "sam-bench-kernel-"));
    const connection = join(scratch, "connection.json");
    const ports = {
      shell_port: shell,
      iopub_port: iopub,
      stdin_port: stdin,
      control_port: control,
      hb_port: heartbeat,
    };
    const how = { ip: "127.0.0.1", transport: "tcp", key, signature_scheme: "hmac-sha256", kernel_name: "deno" };
    writeFileSync(connection, JSON.stringify({ ...ports, ...how }));
    const child = spawn(process.execPath, [denoLauncher(), "jupyter", "--kernel", "--conn", connection], {
      cwd: folder,
      env: { ...process.env, NO_COLOR: "1", ...env },
      stdio: ["ignore", "ignore", "inherit"],
      detached: true,
    });
    const kernel = new Kernel(child, scratch, key);
    kernel.#iopub.connect(`tcp://127.0.0.1:${iopub}`);
    kernel.#iopub.subscribe();
    kernel.#shell.connect(`tcp://127.0.0.1:${shell}`);
    await kernel.#ready();
    return kernel;
  }

  private constructor(child: ChildProcess, folder: string, key: string) {
    this.#child = child;
    this.#folder = folder;
    this.#key = key;
    child.once("exit", (code, signal) => {
      this.#ended = signal ?? `exit code ${code}`;
      this.#iopub.close();
    });
    this.#iopub.receiveTimeout = defaults.silenceMs;
    this.#shell.receiveTimeout = defaults.silenceMs;
  }

  async execute(code: string): Promise<Execution> {
    const id = await this.#request("execute_request", { code, silent: false, store_history: true, allow_stdin: false });
    const outputs: Output[] = [];
    const take = ({ header, content, parent }: Message): string | undefined => {
      if (parent.msg_id !== id) return undefined;
      const output = outputOf(header.msg_type, content);
      if (output !== undefined) append(outputs, output);
      return header.msg_type === "status" ? (content.execution_state as string) : undefined;
    };
    while (take(await this.#published()) !== "idle");
    // The reply on the shell channel says nothing that the outputs do not.
    await this.#shell.receive();
    await this.#drain(take);
    return { outputs, failed: outputs.some(({ output_type }) => output_type === "error") };
  }

  /** Listens until the channel is quiet: Deno's kernel may say that it is idle before the last result is out. */
  async #drain(take: (message: Message) => unknown): Promise<void> {
    this.#iopub.receiveTimeout = defaults.quietMs;
    try {
      for (;;) take(await this.#published());
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
    } finally {
      this.#iopub.receiveTimeout = defaults.silenceMs;
    }
  }

  async close(): Promise<void> {
    const ended = this.#ended === undefined ? new Promise((resolve) => this.#child.once("exit", resolve)) : undefined;
    // The launcher waits for Deno: both are one group.
    if (ended !== undefined) process.kill(-this.#child.pid!, "SIGKILL");
    await ended;
    this.#shell.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Asks the kernel until an answer is heard. Whatever it publishes before the subscription reaches it is lost. */
  async #ready(): Promise<void> {
    this.#iopub.receiveTimeout = 500;
    for (let attempt = 1; ; attempt++) {
      if (this.#ended !== undefined) throw new Error(`the kernel ended before it was ready (${this.#ended})`);
      if (attempt === 120) throw new Error("the kernel is not ready after a minute");
      await this.#request("kernel_info_request", {});
      try {
        await this.#published();
        break;
      } catch {
        // Not there yet.
      }
    }
    // Answers to all but the last question may still be on their way; their parents tell them apart.
    this.#iopub.receiveTimeout = defaults.silenceMs;
  }

  async #request(type: string, content: object): Promise<string> {
    const id = randomUUID();
    const header = {
      msg_id: id,
      msg_type: type,
      session: this.#session,
      username: "sam-bench",
      version: "5.3",
      date: new Date().toISOString(),
    };
    const parts = [header, {}, {}, content].map((part) => JSON.stringify(part));
    await this.#shell.send([delimiter, this.#sign(parts), ...parts]);
    return id;
  }

  async #published(): Promise<Message> {
    const frames = (await this.#iopub.receive()).map((frame) => frame.toString("utf8"));
    const [signature, header, parent, metadata, content] = frames.slice(frames.indexOf(delimiter) + 1) as [
      ...[string, string, string, string, string],
    ];
    if (signature !== this.#sign([header, parent, metadata, content]))
      throw new Error("a message from the kernel has a wrong signature");
    return { header: JSON.parse(header), parent: JSON.parse(parent), content: JSON.parse(content) };
  }

  #sign(parts: readonly string[]): string {
    const hmac = createHmac("sha256", this.#key);
    for (const part of parts) hmac.update(part);
    return hmac.digest("hex");
  }
}

function denoLauncher(): string {
  return join(dirname(createRequire(import.meta.url).resolve("deno/package.json")), "bin.cjs");
}

function outputOf(type: string, content: Record<string, unknown>): Output | undefined {
  switch (type) {
    case "stream":
      return { output_type: "stream", name: content.name as string, text: content.text as string };
    case "display_data":
      return { output_type: "display_data", data: content.data as Record<string, unknown>, metadata: {} };
    case "execute_result": {
      const data = content.data as Record<string, unknown>;
      return { output_type: "execute_result", data, metadata: {}, execution_count: content.execution_count as number };
    }
    case "error": {
      const { ename, evalue, traceback } = content as { ename: string; evalue: string; traceback: string[] };
      return { output_type: "error", ename, evalue, traceback };
    }
    default:
      return undefined;
  }
}

/** Adds an output. Text of one stream is one output, however the kernel cuts it up. */
function append(outputs: Output[], output: Output): void {
  const last = outputs.at(-1);
  if (output.output_type === "stream" && last?.output_type === "stream" && last.name === output.name)
    outputs[outputs.length - 1] = { ...last, text: last.text + output.text };
  else outputs.push(output);
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createServer();
      return new Promise<typeof server>((resolve, reject) => {
        server.once("error", reject);
        server.listen(0, "127.0.0.1", () => resolve(server));
      });
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
