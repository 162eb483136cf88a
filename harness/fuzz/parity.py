"""Scores numbered pairs of files with pycocotools, and prints a line of JSON a pair: numbers by way, -1 for none."""

import contextlib
import io
import json
import os
import sys

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def mean(values):
    present = values[values > -1]
    return float(np.mean(present)) if present.size else -1


def score(annotations, detections, overlap, agnostic):
    truth = COCO(annotations)
    evaluation = COCOeval(truth, truth.loadRes(detections), overlap)
    if agnostic:
        evaluation.params.useCats = 0
        evaluation.params.maxDets = [10, 100, 1000]
    evaluation.evaluate()
    evaluation.accumulate()
    if agnostic:
        recall = evaluation.eval["recall"]
        return [mean(recall[:, :, area, limit]) for limit in range(3) for area in range(4)]
    evaluation.summarize()
    precision = evaluation.eval["precision"]
    by_category = [mean(precision[:, :, category, 0, -1]) for category in range(precision.shape[2])]
    return [*map(float, evaluation.stats), *by_category]


def main(folder, count):
    for index in range(count):
        files = [os.path.join(folder, f"{index}.{name}.json") for name in ("annotations", "detections")]
        with contextlib.redirect_stdout(io.StringIO()):
            found = {
                f"{overlap}{' class-agnostic' if agnostic else ''}": score(*files, overlap, agnostic)
                for overlap in ("segm", "bbox")
                for agnostic in (False, True)
            }
        print(json.dumps(found), flush=True)


main(sys.argv[1], int(sys.argv[2]))
