import type { DownloadGroup } from "../../harness/api.ts";

const site = (path: string) => `http://images.cocodataset.org/${path}`;

/** COCO's server has no certificate of its own name: its archives come by plain http, the photos with a hash to check. */
export const cocoDownloads: readonly DownloadGroup[] = [
  {
    id: "coco-val2017",
    title: "COCO val2017, 5,000 photos and all annotations",
    files: [
      {
        id: "coco-val2017-images",
        url: site("zips/val2017.zip"),
        bytes: 815585330,
        sha256: "4f7e2ccb2866ec5041993c9cf2a952bbed69647b115d0f74da7ce8f4bef82f05",
        licence: "each photo its author's on Flickr, under Flickr's terms of use",
        archive: "zip",
      },
      {
        id: "coco-annotations-2017",
        url: site("annotations/annotations_trainval2017.zip"),
        bytes: 252907541,
        licence: "CC BY 4.0",
        archive: "zip",
      },
    ],
  },
  {
    id: "coco-vitdet-detections",
    title: "ViTDet's boxes on COCO val2017, for --boxes",
    files: [
      {
        id: "coco-vitdet-detections",
        url: "https://huggingface.co/mit-han-lab/efficientvit-sam/resolve/main/source_json_file/coco_vitdet.json",
      },
    ],
  },
];
