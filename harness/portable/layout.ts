import type { Capability, GraphKind } from "../api.ts";
import type { RegisteredVariant } from "../plan/plugins/registry.ts";
import { requireSamModel } from "./transformersJs/fit.ts";
import { libraryFiles } from "./transformersJs/graphs.ts";
import { writeLibraryFolder } from "./transformersJs/write.ts";
import { type ModelToWrite, rulesOf, writeModel } from "./write.ts";
import type { WrittenModel } from "./writtenModel.ts";

/** A layout says which files a model's folder has, and what they can not do that the variant can. */
export interface FolderLayout {
  /** Names what the files lack and the variant has: prompts that need it are not compared. */
  readonly lacks: readonly Capability[];
  /** Number of the decoder's token that the files' first mask belongs to. */
  readonly firstToken: number;
  /** Throws HarnessError for a variant that can not be written so. */
  requireFits(variant: RegisteredVariant, graph: GraphKind): void;
  write(model: ModelToWrite): Promise<WrittenModel>;
  /** Returns what stands behind `NAME=` in `--variant-files` for a folder. */
  variantFiles(folder: string, model: WrittenModel): string;
}

/** Names of the layouts, as `--layout` has them. */
export const layoutNames = ["model.json", "transformers.js"] as const;
export type LayoutName = (typeof layoutNames)[number];

export const folderLayouts: Readonly<Record<LayoutName, FolderLayout>> = {
  "model.json": {
    lacks: [],
    firstToken: 0,
    requireFits: (variant) => void rulesOf(variant),
    write: writeModel,
    variantFiles: (folder) => folder,
  },
  "transformers.js": {
    lacks: ["single-mask-token", "mask-input", "box-prompt"],
    firstToken: 1,
    requireFits: requireSamModel,
    write: writeLibraryFolder,
    variantFiles: (folder, { graphs }) => libraryFiles.map((name) => `${folder}/${graphs[name]!.file}`).join(","),
  },
};
