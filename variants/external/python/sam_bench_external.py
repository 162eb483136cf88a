"""One file that lets a Python program answer sam-bench: the standard library alone, Python 3.8 or newer.

A program derives from Adapter and calls serve(). The README beside this folder describes the protocol.
"""

import contextlib
import ctypes
import importlib.metadata
import json
import os
import platform
import signal
import struct
import time

PROTOCOL = 1


class Problem(Exception):
    """An answer that can not be given: the image fails with this text, and the program goes on."""

    def __init__(self, text, hint=None):
        super().__init__(text)
        self.hint = hint


class Image:
    """A photo: pixels are height * width * 3 bytes, row after row, red, green, blue."""

    def __init__(self, height, width, pixels):
        self.height, self.width, self.pixels = height, width, pixels


class Prompt:
    """Points [(x, y, label)] and a box (x0, y0, x1, y1) or None, in image pixels; mask is float32 bytes or None."""

    def __init__(self, points, box, mask):
        self.points, self.box, self.mask = points, box, mask


class Model:
    """What is to be loaded: variant, preset, setting and sizes are known from the start, the rest from load() on."""

    def __init__(self, fields):
        self.variant, self.preset = fields["variant"], fields.get("preset")
        self.setting, self.sizes = fields.get("setting"), fields.get("sizes")
        self.weights = self.graphs = self.threads = None


class Adapter:
    """The base class of a program's own. load, set_image and decode are to be written."""

    name = None
    #: Distributions whose versions decide a figure.
    packages = []
    #: Versions of what no distribution tells, such as a clone's sources, by name.
    versions = {}
    #: Token numbers of each set; without a single-mask token {"multimask": [0, 1, 2]}.
    tokens = {"multimask": [1, 2, 3], "single": [0]}
    #: Fields of "supports" beside the tokens.
    supports = {"answers": "masks"}

    def describe(self, model):
        """Changes name, tokens or supports where the preset decides them. No weights are here yet."""

    def load(self, model):
        """Reads model.weights or model.graphs and uses model.threads threads."""
        raise NotImplementedError

    def set_image(self, image, stage):
        """Prepares in `with stage("prepare")`, encodes in `with stage("encode")`.

        With supports["answers"] == "logits" it returns where the image lies in the model frame, px: (resized, offset, frame),
        which are (height, width), (x, y), (height, width).
        """
        raise NotImplementedError

    def decode(self, prompts, which, stage):
        """Yields (predicted_iou, masks) for each prompt, in order; both one a token of the set `which`.

        Masks are an array of bool or uint8, [tokens, height, width], or float32 low-res logits, [tokens, side, side]. The
        work belongs into `with stage("decode")` and `with stage("postprocess")`. A third item is the stability of each
        mask, where self.stability_offset is not None.
        """
        raise NotImplementedError

    stability_offset = None


class Stages:
    """Adds up the time of named stages, ms."""

    def __init__(self):
        self.ms = {}

    @contextlib.contextmanager
    def __call__(self, name):
        start = time.perf_counter()
        try:
            yield
        finally:
            self.ms[name] = self.ms.get(name, 0.0) + 1000 * (time.perf_counter() - start)

    def of(self, name):
        return self.ms.get(name, 0.0)


def serve(adapter):
    """Answers until the harness hangs up."""
    _end_with_parent()
    descriptor = int(os.environ["SAM_BENCH_FD"])
    # A process that a library starts must not hold the harness's end open.
    os.set_inheritable(descriptor, False)
    reader = os.fdopen(descriptor, "rb", closefd=False)
    writer = os.fdopen(descriptor, "wb", closefd=False)
    calls = _Calls(adapter)
    for line in iter(reader.readline, b""):
        request = json.loads(line)
        frames = [_exactly(reader, length) for length in request.get("frames", [])]
        answer, answer_frames = _answer(calls, request, frames)
        writer.write(answer)
        for frame in answer_frames:
            writer.write(frame)
        writer.flush()
        if request["call"] == "close":
            return


def _answer(calls, request, frames):
    """Returns the line and the frames of an answer; an error is an answer, too."""
    try:
        fields, answer_frames = getattr(calls, request["call"])(request, frames)
        fields = {"ok": True, **fields, "frames": [len(frame) for frame in answer_frames]}
        return _line(request, fields), answer_frames
    except Problem as problem:
        return _line(request, {"ok": False, "error": str(problem), "hint": problem.hint}), []
    except ModuleNotFoundError as error:
        # importlib.metadata raises one, too, for a distribution without which there is no version.
        lacking = f"Python {platform.python_version()} has no {error.name or error}"
        return _line(request, {"ok": False, "error": lacking, "hint": f"pip install {error.name}"}), []
    except Exception as error:
        return _line(request, {"ok": False, "error": f"{type(error).__name__}: {error}"[:2000]}), []


def _line(request, fields):
    return json.dumps({"id": request["id"], **fields}, allow_nan=False).encode() + b"\n"


class _Calls:
    """A method for each question; it returns the answer's fields and frames."""

    def __init__(self, adapter):
        self.adapter = adapter
        self.model = None

    def hello(self, request, frames):
        if request["protocol"] != PROTOCOL:
            raise Problem(f"protocol {request['protocol']} is asked, and this helper speaks {PROTOCOL}")
        self.model = Model(request)
        self.adapter.describe(self.model)
        versions = {name: importlib.metadata.version(name) for name in self.adapter.packages}
        return {
            "protocol": PROTOCOL,
            "name": self.adapter.name or type(self.adapter).__name__,
            "versions": {"python": platform.python_version(), **versions, **self.adapter.versions},
            "supports": {"tokens": self.adapter.tokens, **self.adapter.supports},
        }, []

    def load(self, request, frames):
        self.model.weights, self.model.graphs = request.get("weights"), request.get("graphs")
        self.model.threads = request["threads"]
        self.adapter.load(self.model)
        return {}, []

    def setImage(self, request, frames):
        stage = Stages()
        geometry = self.adapter.set_image(Image(request["height"], request["width"], frames[0]), stage)
        fields = {"prepareMs": stage.of("prepare"), "encodeMs": stage.of("encode")}
        if geometry is not None:
            resized, offset, frame = geometry
            fields["geometry"] = {"resized": list(resized), "offset": list(offset), "frame": list(frame)}
        return fields, []

    def decode(self, request, frames):
        prompts = [_prompt(fields, frames) for fields in request["prompts"]]
        self.adapter.stability_offset = request.get("stabilityOffset")
        stage = Stages()
        predictions, answer_frames = [], []
        for predicted_iou, masks, *stability in self.adapter.decode(prompts, request["set"], stage):
            prediction = {"predictedIou": [float(value) for value in predicted_iou]}
            if stability:
                prediction["stability"] = [float(value) for value in stability[0]]
            predictions.append(prediction)
            answer_frames.append(masks.tobytes() if hasattr(masks, "tobytes") else bytes(masks))
        return {
            "tokens": self.adapter.tokens[request["set"]],
            "predictions": predictions,
            "decodeMs": stage.of("decode"),
            "postprocessMs": stage.of("postprocess"),
        }, answer_frames

    def close(self, request, frames):
        return {}, []


def read_safetensors(path):
    """Yields (name, dtype, dims, bytes) of each tensor: F32, F16, I64 … as the file names its types."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        start = 8 + length
        for name, tensor in header.items():
            if name == "__metadata__":
                continue
            begin, end = tensor["data_offsets"]
            file.seek(start + begin)
            yield name, tensor["dtype"], tensor["shape"], file.read(end - begin)


def _prompt(fields, frames):
    number = fields.get("mask")
    box = fields.get("box")
    points = [tuple(point) for point in fields["points"]]
    return Prompt(points, None if box is None else tuple(box), None if number is None else frames[number])


def _exactly(reader, length):
    data = reader.read(length)
    if len(data) != length:
        raise EOFError("the harness ended in the middle of a frame")
    return data


def _end_with_parent():
    """Linux: the kernel kills this process when the harness's worker is gone, whatever it computes at the time."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
