"""Scores two files with one tool, and prints its seconds, its peak memory and its figures as one line of JSON.

Usage: python scorePeers.py TOOL coco|lvis ANNOTATIONS DETECTIONS. Seconds count from the first byte that is read.
"""

import importlib
import importlib.metadata
import json
import resource
import sys
import time

tool, rules, annotations, detections = sys.argv[1:]
module = importlib.import_module(tool if tool != "pycocotools" else "pycocotools.coco")
started = time.perf_counter()
if rules == "lvis" and tool == "hotcoco":
    truth = module.COCO(annotations)
    evaluation = module.COCOeval(truth, truth.load_res(detections), "segm", lvis_style=True)
elif rules == "lvis":
    raise SystemExit(f"{tool}: no rules of LVIS here")
elif tool == "pycocotools":
    truth = module.COCO(annotations)
    evaluation = importlib.import_module("pycocotools.cocoeval").COCOeval(truth, truth.loadRes(detections), "segm")
elif tool == "hotcoco":
    truth = module.COCO(annotations)
    evaluation = module.COCOeval(truth, truth.load_res(detections), "segm")
else:
    truth = module.COCO(annotations)
    evaluation = module.COCOeval_faster(truth, truth.loadRes(detections), "segm", print_function=lambda *_: None)
evaluation.evaluate()
evaluation.accumulate()
evaluation.summarize()
seconds = time.perf_counter() - started
report = {
    "tool": tool,
    "version": importlib.metadata.version(tool.replace("_", "-")),
    "seconds": seconds,
    "peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    "figures": [float(value) for value in evaluation.stats[:12]],
}
print("\n" + json.dumps(report))
