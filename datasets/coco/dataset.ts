import type { DatasetPlugin } from "../../harness/api.ts";
import { openAnnotated } from "./annotated.ts";
import { cocoDownloads } from "./downloads.ts";
import { hasAnnotationFile } from "./locate.ts";

export default {
  id: "coco",
  title: "COCO instances",
  about:
    "COCO instances JSON and its photos, anywhere below --data (or --data names the JSON); cocodataset.org, val2017 and instances_val2017.json",
  downloads: cocoDownloads,
  recognises: (folder) => hasAnnotationFile(folder, "coco"),
  open: (options, notice?) => openAnnotated("coco", options, notice),
} satisfies DatasetPlugin;
