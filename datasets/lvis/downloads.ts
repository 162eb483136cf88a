import type { DownloadGroup } from "../../harness/api.ts";

/** Downloads of annotations and boxes; the photos are COCO's train2017 and val2017. */
export const lvisDownloads: readonly DownloadGroup[] = [
  {
    id: "lvis-v1-val",
    title: "LVIS v1 val annotations; the photos are COCO's train2017 and val2017",
    files: [{ id: "lvis-v1-val", url: "https://dl.fbaipublicfiles.com/LVIS/lvis_v1_val.json.zip", archive: "zip" }],
  },
  {
    id: "lvis-vitdet-detections",
    title: "ViTDet's boxes on LVIS v1 val, for --boxes",
    files: [
      {
        id: "lvis-vitdet-detections",
        url: "https://huggingface.co/mit-han-lab/efficientvit-sam/resolve/main/source_json_file/lvis_vitdet.json",
      },
    ],
  },
];
