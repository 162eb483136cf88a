import type { DatasetPlugin } from "../../harness/api.ts";
import { openAnnotated } from "../coco/annotated.ts";
import { hasAnnotationFile } from "../coco/locate.ts";
import { lvisDownloads } from "./downloads.ts";

export default {
  id: "lvis",
  title: "LVIS v1 and v0.5",
  about:
    "LVIS JSON and the COCO photos it names, anywhere below --data (or --data names the JSON); lvisdataset.org, v1 val needs train2017 and val2017",
  downloads: lvisDownloads,
  recognises: (folder) => hasAnnotationFile(folder, "lvis"),
  open: (options, notice?) => openAnnotated("lvis", options, notice),
} satisfies DatasetPlugin;
