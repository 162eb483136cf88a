import type { PageDescription } from "./contract.ts";
import { openModel } from "./models/open.ts";
import { startPage } from "./ui/start.ts";

/** Reads what the page shows, and starts it. */
export async function start(): Promise<void> {
  try {
    const response = await fetch("page.json");
    if (!response.ok) throw new Error(`page.json: the page can not load it (found ${response.status})`);
    startPage(openModel, (await response.json()) as PageDescription);
  } catch (error) {
    document.body.append(error instanceof Error ? error.message : String(error));
    throw error;
  }
}
