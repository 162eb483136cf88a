import { z } from "zod";
import { type Manifest, manifestFields } from "../schema.ts";
import { count, type Immutable, text } from "./fields.ts";

const facts = z.strictObject({
  id: text,
  createdAt: text,
  status: manifestFields.status,
  variant: z.strictObject({ id: text, name: text.optional(), role: manifestFields.variant.shape.role }),
  runtime: z.strictObject({ provider: text }),
  weights: manifestFields.weights,
  dataset: z.strictObject({ id: text, fingerprint: text, images: count }),
  protocols: manifestFields.protocols,
  shard: manifestFields.shard,
  absent: manifestFields.absent,
});

/** What lists of runs show, and what choices among them need: a small part of the manifest. */
export type RunFacts = Immutable<z.infer<typeof facts>>;

export function factsOf(manifest: Manifest): RunFacts {
  const { id, createdAt, status, variant, runtime, weights, dataset, protocols, shard, absent } = manifest;
  return {
    id,
    createdAt,
    status,
    variant: { id: variant.id, name: variant.name, role: variant.role },
    runtime: { provider: runtime.provider },
    weights,
    dataset: { id: dataset.id, fingerprint: dataset.fingerprint, images: dataset.images },
    protocols,
    shard,
    absent,
  };
}

/** Reads facts that were stored as JSON; nothing where the text is none. */
export function parseFacts(json: string): RunFacts | undefined {
  try {
    return facts.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}
