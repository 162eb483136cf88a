import { z } from "zod";
import { checked } from "../foreign.ts";
import { type ProcessMemory, processMemory } from "../measure/memory.ts";
import type { StartedBrowser } from "./browser.ts";

/** Kinds of a browser's processes, as its debugging protocol calls them: the one holds the page, the other what WebGPU uses. */
export type ProcessKind = "renderer" | "GPU";

/** Returns the memory of the largest process of each kind: once a page holds a model, its renderer is that one. */
export async function browserMemory(
  { browser }: Pick<StartedBrowser, "browser">,
  kinds: readonly ProcessKind[],
): Promise<ProcessMemory> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const found = kinds.map((kind) => {
    const memories = processInfo.filter(({ type }) => type === kind).map(({ id }) => memoryOf(id));
    const [largest] = memories.sort((a, b) => b.residentBytes() - a.residentBytes());
    if (largest === undefined) throw new Error(`the browser names no process of the kind ${kind}`);
    return largest;
  });
  return sumOf(found);
}

/** A process that ended while it was looked at holds nothing. */
function memoryOf(id: number): ProcessMemory {
  return processMemory({ proc: `/proc/${id}`, residentBytes: () => 0, resourceUsage: () => ({ maxRSS: 0 }) });
}

/** Sums what several processes hold: what they share counts in each, and their peaks may be of different moments. */
function sumOf(memories: readonly ProcessMemory[]): ProcessMemory {
  const sum = (bytes: (memory: ProcessMemory) => number) => memories.reduce((total, each) => total + bytes(each), 0);
  return {
    residentBytes: () => sum((each) => each.residentBytes()),
    peakBytes: () => sum((each) => each.peakBytes()),
    resetPeak: () => memories.map((each) => each.resetPeak()).every((isReset) => isReset),
  };
}

const evaluated = z.object({ result: z.object({ value: z.object({ bytes: z.number().nonnegative() }).optional() }) });

/**
 * Returns what the browser itself says that the page and its workers hold, in bytes: objects, buffers and WebAssembly's memory.
 * Nothing where it does not tell. Source: performance.measureUserAgentSpecificMemory() of the W3C's performance-measure-memory.
 */
export async function userAgentBytes({ page }: Pick<StartedBrowser, "page">): Promise<number | undefined> {
  const session = await page.context().newCDPSession(page);
  const answer = await session.send("Runtime.evaluate", {
    expression: "performance.measureUserAgentSpecificMemory?.()",
    awaitPromise: true,
    returnByValue: true,
  });
  await session.detach();
  return checked(evaluated, answer, "measureUserAgentSpecificMemory").result.value?.bytes;
}
