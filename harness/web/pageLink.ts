import type { IncomingMessage, ServerResponse } from "node:http";
import type { Browser, Page } from "playwright-core";
import type { HarnessError } from "../errors.ts";
import { type ProcessMemory, processMemory } from "../measure/memory.ts";
import { type Question, refusal, requireFrames } from "../process/external/answers.ts";
import { ExternalEnded } from "../process/external/ended.ts";
import { ChannelError, type Message, MessageReader, messageBytes } from "../process/external/messages.ts";
import { visible } from "../visible.ts";
import { type BrowserOptions, startBrowser } from "./browser.ts";
import type { PageFiles } from "./pageFiles.ts";
import { type PageServer, servePage } from "./pageServer.ts";

const defaults = {
  /** Characters of a page's own reason that an error shows. */
  reasonShown: 300,
};

interface Waiting {
  readonly reader: MessageReader;
  readonly resolve: (message: Message) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The harness's side of a page that computes asks one question at a time, in the messages of other programs
 * (variants/external/README.md). The page posts each answer, and gets the next question as the response.
 */
export class PageLink {
  /** Memory of the process that renders the page; the page's worker and its threads are in it. */
  readonly memory: ProcessMemory;
  readonly #variant: string;
  #server: PageServer | undefined;
  #browser: Browser | undefined;
  #renderer: ProcessMemory | undefined;
  #questions = 0;
  #waiting: Waiting | undefined;
  /** The response that the page waits for. */
  #idle: ServerResponse | undefined;
  /** The question that was asked before the page was ready for it. */
  #unsent: readonly Uint8Array[] | undefined;
  /** Reason why the page ended or was ended. */
  #reason: string | undefined;

  private constructor(variant: string) {
    this.#variant = variant;
    const renderer = () => {
      if (this.#renderer === undefined) throw new Error(`${variant}: its page's memory before findMemory`);
      return this.#renderer;
    };
    this.memory = {
      residentBytes: () => renderer().residentBytes(),
      peakBytes: () => renderer().peakBytes(),
      resetPeak: () => renderer().resetPeak(),
    };
  }

  /** Starts a browser and opens the page. Throws HarnessError where something that this needs is missing. */
  static async open(variant: string, files: PageFiles, options: BrowserOptions = {}): Promise<PageLink> {
    const link = new PageLink(variant);
    try {
      link.#browser = await startBrowser(options);
      link.#server = await servePage(files, {
        exchange: (request, response) => void link.#exchange(request, response),
        failed: (reason) => link.end(reason),
      });
      const page = await link.#browser.newPage();
      link.#watch(page, link.#browser);
      await page.goto(link.#server.address);
      return link;
    } catch (error) {
      await link.close();
      throw error;
    }
  }

  /** The browser's name and version. */
  get browser(): string {
    return `Chromium ${this.#browser?.version() ?? ""}`.trim();
  }

  /** Bytes of all that the page has loaded: scripts, the runtime and graphs, as they lie on disk. */
  get downloadBytes(): number {
    return this.#server?.servedBytes ?? 0;
  }

  /** Finds the process that renders the page, once it holds a model: by then it is the largest of the browser's renderers. */
  async findMemory(): Promise<void> {
    const session = await this.#browser!.newBrowserCDPSession();
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    await session.detach();
    const renderers = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => memoryOf(id));
    this.#renderer = renderers.sort((a, b) => b.residentBytes() - a.residentBytes())[0];
    if (this.#renderer === undefined) throw new Error(`${this.#variant}: the browser names no renderer`);
  }

  /** Throws HarnessError with the page's own words where it can not, and ExternalEnded where the page is gone. */
  async ask({ call, fields = {}, frames = [], expects = [] }: Question): Promise<Message> {
    if (this.#waiting !== undefined) throw new Error(`${call} is asked before the answer to the question before`);
    if (this.#reason !== undefined) throw this.#endedError();
    this.#questions += 1;
    const id = this.#questions;
    const answered = new Promise<Message>((resolve, reject) => {
      const reader = new MessageReader((answer, lengths) => requireFrames(answer, lengths, { id, call, expects }));
      this.#waiting = { reader, resolve, reject };
    });
    this.#unsent = messageBytes({ fields: { id, call, ...fields }, frames });
    this.#send();
    const { fields: answer, frames: found } = await answered;
    if (answer.ok === true) return { fields: answer, frames: found };
    // A runtime that is out of memory answers nothing any more.
    if (answer.fatal === true) this.end(refusal(this.#variant, call, answer).message);
    if (this.#reason !== undefined) throw this.#endedError();
    throw refusal(this.#variant, call, answer);
  }

  async close(): Promise<void> {
    this.#reason ??= "closed";
    await this.#browser?.close().catch(() => undefined);
    this.#server?.close();
  }

  /** Ends the page for this reason, and tells who waits for it. */
  end(reason: string): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#waiting?.reject(this.#endedError());
    this.#waiting = undefined;
    void this.#browser?.close().catch(() => undefined);
    this.#server?.close();
  }

  #watch(page: Page, browser: Browser): void {
    page.on("crash", () => this.end("its tab crashed, most often because memory ran out"));
    page.on("close", () => this.end("its tab was closed"));
    browser.on("disconnected", () => this.end("the browser ended"));
  }

  async #exchange(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      for await (const bytes of request) this.#take(bytes as Uint8Array);
    } catch (error) {
      if (error instanceof ChannelError) this.end(error.message);
      // A page that is gone in the middle of an answer shows as the tab's end.
      return;
    }
    this.#idle = response;
    this.#send();
  }

  #take(bytes: Uint8Array): void {
    if (this.#reason !== undefined) return;
    if (this.#waiting === undefined) throw new ChannelError("an answer that nothing was asked for");
    const message = this.#waiting.reader.take(bytes);
    if (message === undefined) return;
    const { resolve } = this.#waiting;
    this.#waiting = undefined;
    resolve(message);
  }

  #send(): void {
    const response = this.#idle;
    const question = this.#unsent;
    if (response === undefined || question === undefined) return;
    this.#idle = undefined;
    this.#unsent = undefined;
    response.writeHead(200, { "Content-Type": "application/octet-stream", "Cache-Control": "no-store" });
    for (const bytes of question) response.write(bytes);
    response.end();
  }

  #endedError(): HarnessError {
    return new ExternalEnded(this.#variant, visible((this.#reason ?? "unknown").slice(0, defaults.reasonShown)));
  }
}

/** A renderer that ended while it was looked at holds nothing. */
function memoryOf(id: number): ProcessMemory {
  return processMemory({ proc: `/proc/${id}`, residentBytes: () => 0, resourceUsage: () => ({ maxRSS: 0 }) });
}
