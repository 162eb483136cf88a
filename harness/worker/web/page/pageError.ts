import { HarnessError } from "../../../errors.ts";

/** Matches what browsers and the runtime say where there is no memory left; the runtime is of no use after that. */
const outOfMemory =
  /out of memory|allocation failed|bad_alloc|failed to allocate|could not allocate|maximum memory size|Aborted\(|unreachable/i;

interface DescribedError {
  readonly error: string;
  readonly hint?: string | undefined;
  readonly fatal?: true;
}

/** Describes an error for the harness. Exceptions of WebAssembly may be bare numbers. */
export function describedError(error: unknown): DescribedError {
  const message = error instanceof Error ? error.message : String(error);
  if (outOfMemory.test(message) || typeof error === "number")
    return { error: `the page ran out of memory, of which WebAssembly has 4 GB at most: ${message}`, fatal: true };
  return { error: message, hint: error instanceof HarnessError ? error.hint : undefined };
}
