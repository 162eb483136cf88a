import type { HarnessError } from "../errors.ts";
import type { ProcessMemory } from "../measure/memory.ts";
import type { Question } from "../process/external/answers.ts";
import { ExternalEnded } from "../process/external/ended.ts";
import type { Message } from "../process/external/messages.ts";
import { Questions } from "../process/external/questions.ts";
import { visible } from "../visible.ts";
import { type BrowserOptions, type StartedBrowser, startBrowser } from "./browser.ts";
import type { PageFiles } from "./pageFiles.ts";
import { browserMemory, type ProcessKind, userAgentBytes } from "./pageMemory.ts";
import { type PageServer, servePage } from "./pageServer.ts";
import type { PageSocket, SocketListener } from "./socket.ts";

const defaults = {
  /** Characters of a page's own reason that an error shows. */
  reasonShown: 300,
  /** A tab that crashes closes its connection a little before the browser tells of it. */
  endsWithinMs: 1000,
};

export interface PageOptions extends BrowserOptions {
  /** Headers of what the page is served; those that isolate it from other origins if left out. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * The harness's side of a page that computes asks one question at a time, in the messages of other programs
 * (variants/external/README.md), over a WebSocket.
 */
export class PageLink {
  /** Memory of the processes that hold the page; the page's worker and its threads are in its renderer. */
  readonly memory: ProcessMemory;
  readonly #variant: string;
  readonly #questions: Questions;
  #server: PageServer | undefined;
  #browser: StartedBrowser | undefined;
  #memory: ProcessMemory | undefined;
  #socket: PageSocket | undefined;
  /** The question that was asked before the page was connected. */
  #unsent: readonly Uint8Array[] = [];
  /** Reason why the page ended or was ended. */
  #reason: string | undefined;

  private constructor(variant: string) {
    this.#variant = variant;
    this.#questions = new Questions(variant, {
      send: (pieces) => this.#send(pieces),
      broken: (reason) => this.end(reason),
      refused: ({ message }, { fatal }) => {
        // A runtime that is out of memory answers nothing any more.
        if (fatal === true) this.end(message);
      },
    });
    const found = () => {
      if (this.#memory === undefined) throw new Error(`${variant}: its page's memory before findMemory`);
      return this.#memory;
    };
    this.memory = {
      residentBytes: () => found().residentBytes(),
      peakBytes: () => found().peakBytes(),
      resetPeak: () => found().resetPeak(),
    };
  }

  /** Starts a browser and opens the page. Throws HarnessError where something that this needs is missing. */
  static async open(variant: string, files: PageFiles, { headers, settings }: PageOptions = {}): Promise<PageLink> {
    const link = new PageLink(variant);
    try {
      const started = await startBrowser({ settings });
      link.#browser = started;
      const handlers = {
        connected: (socket: PageSocket) => link.#connect(socket),
        failed: (reason: string) => link.end(reason),
      };
      link.#server = await servePage(files, handlers, headers);
      link.#watch(started);
      await started.page.goto(link.#server.address);
      return link;
    } catch (error) {
      await link.close();
      throw error;
    }
  }

  /** The browser's name and version. */
  get browser(): string {
    return `Chromium ${this.#browser?.browser.version() ?? ""}`.trim();
  }

  /** Bytes of all that the page has loaded: scripts, the runtime and graphs, as they lie on disk. */
  get downloadBytes(): number {
    return this.#server?.servedBytes ?? 0;
  }

  /** Finds the processes that hold the page, once it holds a model. */
  async findMemory(kinds: readonly ProcessKind[]): Promise<void> {
    this.#memory = await browserMemory(this.#browser!, kinds);
  }

  /** Asks the browser what the page holds, in bytes; nothing where it does not tell. */
  userAgentBytes(): Promise<number | undefined> {
    return userAgentBytes(this.#browser!);
  }

  /** Throws HarnessError with the page's own words where it can not, and ExternalEnded where the page is gone. */
  async ask(question: Question): Promise<Message> {
    if (this.#reason !== undefined) throw this.#endedError();
    try {
      return await this.#questions.ask(question);
    } catch (error) {
      throw this.#reason === undefined ? error : this.#endedError();
    }
  }

  async close(): Promise<void> {
    this.#reason ??= "closed";
    await this.#browser?.close();
    this.#server?.close();
  }

  /** Ends the page for this reason, and tells who waits for it. */
  end(reason: string): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#questions.fail(this.#endedError());
    void this.#browser?.close();
    this.#server?.close();
  }

  #watch({ browser, page }: StartedBrowser): void {
    page.on("crash", () => this.end("its tab crashed, most often because memory ran out"));
    page.on("close", () => this.end("its tab was closed"));
    browser.on("disconnected", () => this.end("the browser ended"));
  }

  #connect(socket: PageSocket): SocketListener {
    this.#socket = socket;
    this.#send(this.#unsent);
    this.#unsent = [];
    return {
      message: (bytes) => {
        if (this.#reason === undefined) this.#questions.take(bytes);
      },
      closed: () => void setTimeout(() => this.end("it closed its connection"), defaults.endsWithinMs).unref(),
    };
  }

  #send(pieces: readonly Uint8Array[]): void {
    if (this.#socket === undefined) this.#unsent = pieces;
    else for (const bytes of pieces) this.#socket.send(bytes);
  }

  #endedError(): HarnessError {
    return new ExternalEnded(this.#variant, visible((this.#reason ?? "unknown").slice(0, defaults.reasonShown)));
  }
}
