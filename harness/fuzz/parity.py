"""Scores numbered pairs of files with pycocotools or lvis-api, and prints a line of JSON a pair: numbers by way, -1 for none."""

import contextlib
import io
import json
import logging
import os
import sys

import numpy as np
from lvis import LVISEval
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

# lvis-api 0.5.3 names a type that numpy has no more.
if not hasattr(np, "float"):
    np.float = float
logging.disable(logging.WARNING)


def mean(values):
    present = values[values > -1]
    return float(np.mean(present)) if present.size else -1


def present(values):
    return [value for value in values if value > -1]


def score_coco(annotations, detections, overlap, agnostic):
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
    return [*map(float, evaluation.stats), *present(by_category)]


def score_lvis(annotations, detections, overlap):
    evaluation = LVISEval(annotations, detections, overlap)
    evaluation.run()
    precision = evaluation.eval["precision"]
    by_category = [mean(precision[:, :, category, 0]) for category in range(precision.shape[2])]
    return [*map(float, evaluation.get_results().values()), *present(by_category)]


def ways(rules, files):
    for overlap in ("segm", "bbox"):
        if rules == "lvis":
            yield overlap, score_lvis(*files, overlap)
            continue
        yield overlap, score_coco(*files, overlap, False)
        yield f"{overlap} class-agnostic", score_coco(*files, overlap, True)


def main(folder, rules, count):
    for index in range(count):
        files = [os.path.join(folder, f"{index}.{name}.json") for name in ("annotations", "detections")]
        with contextlib.redirect_stdout(io.StringIO()):
            found = dict(ways(rules, files))
        print(json.dumps(found), flush=True)


main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
