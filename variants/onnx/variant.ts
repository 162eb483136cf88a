import type { GraphFiles, RuntimeOptions, Variant, VariantManifest, VariantPlugin } from "../../harness/api.ts";
import { openSession, readSignature, type Session } from "../../harness/onnx/index.ts";
import { type ByPart, type Part, partsOf } from "./layout.ts";
import { renamedSession } from "./names.ts";
import { loadPortable, portableFolderOf, recognisePortable } from "./portable.ts";
import { layoutOf, recognise } from "./recognise.ts";

/** The variant of ONNX files that a user brings: nothing is built, and all files are run as they are. */
export default {
  presets: [],
  async recognise(name, graphs, hints = {}) {
    const portable = portableFolderOf(graphs.map(({ file }) => file));
    return portable === undefined ? recognise(name, graphs, hints) : recognisePortable(name, portable, hints);
  },
  build: async ({ preset }) => {
    throw new Error(`${preset.id}: graphs that a user brings are not built`);
  },
  load,
} satisfies VariantPlugin;

async function load(given: GraphFiles, runtime: RuntimeOptions, { id, valueNames }: VariantManifest): Promise<Variant> {
  const portable = portableFolderOf(Object.values(given));
  if (portable !== undefined) return loadPortable(portable, given, runtime);
  const { layout, files } = layoutOf(id, Object.values(given).map(readSignature), valueNames);
  const sessions: Partial<Record<Part, Session>> = {};
  for (const part of partsOf(layout))
    sessions[part] = renamedSession(await openSession(files[part].file, runtime), files[part]);
  return {
    ...layout.open(files, sessions as ByPart<Part, Session>),
    async close() {
      for (const session of Object.values(sessions)) await session.close();
    },
  };
}
