import type { OpenModel, PageDescription } from "../contract.ts";

/** Lists the models as text. */
export function startPage(_open: OpenModel, { models }: PageDescription): void {
  for (const { title, place } of models) document.body.append(`${title}: ${place}. `);
}
