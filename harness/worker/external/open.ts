import type { VariantManifest } from "../../api.ts";
import type { ExternalSetup } from "../../build/setup.ts";
import { HarnessError } from "../../errors.ts";
import type { ProcessMemory } from "../../measure/memory.ts";
import { askHello } from "../../process/external/hello.ts";
import { ExternalLink } from "../../process/external/link.ts";
import { photoVariant, type TimedPhotoVariant } from "./photoVariant.ts";

/** Holds a process, or a page of a browser, that has loaded its model. */
export interface OpenedProcess {
  readonly link: Pick<ExternalLink, "ask" | "close"> & { readonly memory: ProcessMemory };
  readonly variant: TimedPhotoVariant;
  readonly preset: VariantManifest;
}

/** Starts the program and lets it load its model. Throws HarnessError where it is another one than the run was planned with. */
export async function openProcess({
  command,
  hello,
  description,
  load,
  preset,
}: ExternalSetup): Promise<OpenedProcess> {
  const id = hello.variant;
  const link = new ExternalLink(id, command);
  try {
    const present = await askHello(link, hello);
    if (JSON.stringify(present) !== JSON.stringify(description))
      throw new HarnessError(`${id}: the program is another one than when the run began`, {
        found: JSON.stringify(present.versions),
        expected: JSON.stringify(description.versions),
        hint: "give the command again: it becomes a run of its own",
      });
    await link.ask({ call: "load", fields: { ...load } });
    return { link, variant: photoVariant(link, { variant: id, supports: description.supports }), preset };
  } catch (error) {
    await link.close();
    throw error;
  }
}
