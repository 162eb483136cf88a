import { HarnessError } from "../errors.ts";
import { engineOf, isWeb, type PageEngine, webgpuProvider, webThreads } from "../onnx/providers/web.ts";
import { processor } from "../store/rowName.ts";
import type { ServedModel } from "./page/contract.ts";

export type Place = ServedModel["place"];

/** Says where all models of a page have to compute, and by what. */
export interface Computing {
  readonly place: Place;
  /** Execution provider that was asked for, as rows name it; absent where any of the place will do. */
  readonly provider?: string | undefined;
  /** Names the build of the runtime that computes in the page. */
  readonly engine: PageEngine;
  /** Says with how many threads the page computes; with all of the browser's processor if left out. */
  readonly threads?: number | undefined;
}

/** The page, with all that its browser has. */
export const anyPage: Computing = { place: "page", engine: "wasm" };

const expected = `${processor}, web-wasm1, web-wasm2 and so on, or ${webgpuProvider}`;

/**
 * Reads `--provider`, whose names are those of `bench run`. Throws HarnessError for several at once, and for one that neither a page
 * nor the harness for it computes by.
 */
export function computingOf(provider: string): Computing {
  if (provider.includes(","))
    throw new HarnessError("--provider: all models of a page compute by one", {
      found: provider,
      expected,
      hint: "name one; two tabs of two servers compare providers, and so does bench run",
    });
  if (provider !== processor && !isWeb(provider))
    throw new HarnessError(`--provider ${provider}: bench serve does not compute by it`, {
      expected,
      hint: `--provider ${processor} computes in the harness, the others in the page; leave it out, and the model decides`,
    });
  const place = isWeb(provider) ? "page" : "harness";
  return { provider, place, engine: engineOf(provider), threads: webThreads(provider) };
}

/** Throws HarnessError where a page that is written as files would have to ask the harness. */
export function requireWritable({ provider, place }: Computing): void {
  if (place === "page") return;
  throw new HarnessError("--out: the page that is written has no harness to ask", {
    found: `--provider ${provider}`,
    hint: `leave --provider out, or name one of the page: web-wasm1, web-wasm2 and so on, ${webgpuProvider}`,
  });
}
