import { HarnessError } from "../../errors.ts";
import { homeFolder } from "../../home.ts";
import { type Registry, variantOf, weightsVariantOf } from "../../plan/plugins/registry.ts";
import { namedItems } from "../../pull/catalog.ts";
import { arrivalsOf, pullSeveral, requireAccepted } from "../../pull/index.ts";
import { arrivalsText, pulledText } from "../text/pulls.ts";
import { type Console, note } from "./command.ts";
import { followTransfers } from "./transfers.ts";

/** After so many ms of silence a server is asked again. */
const stallMs = 30_000;

/**
 * Brings the published checkpoints of these variants that are not here yet. What can not be brought is said, and is for the plan
 * to miss: a licence that has to be accepted, a server that does not answer.
 */
export async function bringWeights(
  variants: readonly string[],
  { registry, console }: { readonly registry: Registry; readonly console: Console },
): Promise<void> {
  const ids = new Set(
    variants.flatMap((id) => {
      const { preset } = weightsVariantOf(registry, variantOf(registry, id));
      return preset.published === undefined ? [] : [preset.id];
    }),
  );
  for (const id of ids) {
    try {
      await bring(id, registry, console);
    } catch (error) {
      if (!(error instanceof HarnessError)) throw error;
      note(console, `${id}: its checkpoint was not brought: ${error.message}`);
    }
  }
}

async function bring(id: string, registry: Registry, console: Console): Promise<void> {
  const items = namedItems(registry, [id], "named alone");
  const home = homeFolder();
  const arrivals = await arrivalsOf(items, home, new Map());
  for (const text of arrivalsText(arrivals)) note(console, text);
  requireAccepted(arrivals, []);
  const transfers = followTransfers(console);
  const options = { home, stallMs, insecureHttp: false, mirror: undefined, hashes: new Map<string, string>() };
  await pullSeveral(items, options, {
    ...transfers,
    pulled(record) {
      transfers.finish();
      note(console, pulledText(record, home));
    },
  });
}
