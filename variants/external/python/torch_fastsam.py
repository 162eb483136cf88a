"""FastSAM by ultralytics (AGPL-3.0), on PyTorch: its FastSAMPredictor with the settings that FastSAM's authors call it with."""

import os
from functools import partial

# A benchmark neither installs packages nor sends what it does to anyone.
os.environ["YOLO_AUTOINSTALL"], os.environ["YOLO_OFFLINE"] = "false", "true"

import cv2
import numpy
import torch
from ultralytics.models.fastsam import FastSAMPredictor
from ultralytics.nn.tasks import SegmentationModel

from sam_bench_external import Adapter, Problem, serve
from torch_adapter import state_dict

settings = {
    "conf": 0.4,
    "iou": 0.9,
    "retina_masks": True,
    "rect": True,
    "device": "cpu",
}


class TorchFastSam(Adapter):
    name = "ultralytics on PyTorch"
    packages = ["torch", "ultralytics", "numpy"]
    versions = {"opencv": cv2.__version__}
    # A prompt chooses among detections, so it has one mask, and its number tells nothing.
    tokens = {"multimask": [0]}

    def load(self, model):
        self.predictor = FastSAMPredictor(overrides={**settings, "imgsz": model.sizes["side"]})
        self.predictor.setup_model(network(model), verbose=False)
        self.predictor.imgsz = [model.sizes["side"]] * 2
        # After the model: choosing a device sets ultralytics' own number.
        torch.set_num_threads(model.threads)
        self.precision = partial(torch.autocast, "cpu", dtype=torch.bfloat16, enabled=model.setting == "bf16")
        with torch.inference_mode(), self.precision():
            self.predictor.model(torch.zeros(1, 3, *self.predictor.imgsz))

    def set_image(self, image, stage):
        """The network, the suppression and all masks, whatever the prompts, are FastSAM's encode."""
        predictor = self.predictor
        with torch.inference_mode():
            with stage("prepare"):
                pixels = numpy.frombuffer(image.pixels, numpy.uint8).reshape(image.height, image.width, 3)
                photos = [numpy.ascontiguousarray(pixels[..., ::-1])]
                model_input = predictor.preprocess(photos)
            with stage("encode"):
                with self.precision():
                    outputs = predictor.model(model_input)
                predictor.batch = (["photo"], photos, [""])
                predictor.prompts = {}
                self.everything = predictor.postprocess(outputs, model_input, photos)
        self.size = (image.height, image.width)

    def decode(self, prompts, which, stage):
        for prompt in prompts:
            with torch.inference_mode(), stage("decode"):
                chosen = self.predictor.prompt(self.everything, **fields(prompt))[0]
                mask, score = numpy.zeros((1, *self.size), bool), 0.0
                if len(chosen) > 0:
                    mask = chosen.masks.data.bool().any(0, keepdim=True).numpy()
                    score = float(chosen.boxes.conf.max())
            yield [score], mask


def network(model):
    """What ultralytics opens: its own .pt file, or a model of its class with the tensors of a .safetensors file."""
    if not model.weights.endswith(".safetensors"):
        return model.weights
    module = SegmentationModel(f"yolov8{model.preset[-1]}-seg.yaml", nc=1, verbose=False)
    module.load_state_dict(state_dict(model.weights))
    return module.eval()


def fields(prompt):
    if prompt.mask is not None or (prompt.box is not None and prompt.points):
        raise Problem("FastSAM has no rule for a prompt with a mask, or with a box and points")
    if prompt.box is not None:
        return {"bboxes": numpy.array([prompt.box])}
    points = numpy.array(prompt.points)
    return {"points": points[:, :2], "labels": points[:, 2]}


if __name__ == "__main__":
    serve(TorchFastSam())
