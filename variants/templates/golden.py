"""Writes golden values of the authors' code, for `bench verify VARIANT FILE.json` and for tests beside a variant.

Needs PyTorch and the authors' package; sam-bench itself needs neither. A script of SAM's own, of twelve lines:

    import golden
    from segment_anything import build_sam_vit_b

    sam = build_sam_vit_b().eval()
    shapes = golden.seed(sam)
    image = golden.Input("input.my_vit_b.pos_embed", (1, 3, 1024, 1024), scale=4.0)
    golden.write(
        "my_vit_b.json",
        image=image,
        shapes=shapes,
        outputs={"image_embedding": sam.image_encoder(image.tensor())},
    )

No weight is shipped: a tensor's values follow from its name and its shape (harness/weights/seeded.ts has the same rule), and
of an output 48 values are kept, with its spread. float32 on a CPU agrees to about 1e-5 of the spread.
"""

import json
import math

import numpy
import torch

# Values of an output that are kept.
KEPT = 48


def seeded(name, shape):
    """Returns the float32 tensor of that name and shape, as a numpy array."""
    count = math.prod(shape)
    last = name.rsplit(".", 1)[-1]
    if name.endswith("dfl.conv.weight"):
        return numpy.arange(count, dtype=numpy.float32).reshape(shape)
    if last == "num_batches_tracked":
        return numpy.zeros(shape, dtype=numpy.float32)
    uniform = _uniform(name, count)
    if last == "running_var":
        values = 0.5 + uniform
    elif last == "running_mean":
        values = 0.2 * (2 * uniform - 1)
    elif last == "positional_encoding_gaussian_matrix":
        values = 1.7320508 * (2 * uniform - 1)
    elif "pos_embed" in name:
        values = 0.5 * (2 * uniform - 1)
    elif len(shape) <= 1:
        values = 0.8 + 0.4 * uniform if last == "weight" else 0.2 * uniform - 0.1
    else:
        values = (2 * uniform - 1) * math.sqrt(3 / math.prod(shape[1:]))
    return values.astype(numpy.float32).reshape(shape)


def seed(module):
    """Fills the module's state dict with seeded values, and returns the shapes of its tensors by their names."""
    state = module.state_dict()
    for name, tensor in state.items():
        tensor.copy_(torch.from_numpy(seeded(name, tuple(tensor.shape))))
    return {name: list(tensor.shape) for name, tensor in state.items()}


class Input:
    """A seeded tensor times `scale`, plus `offset`: the file names it, and the harness makes it again."""

    def __init__(self, name, shape, scale=1.0, offset=0.0):
        self.name, self.shape, self.scale, self.offset = name, tuple(shape), scale, offset

    def tensor(self):
        return torch.from_numpy(seeded(self.name, self.shape)) * self.scale + self.offset

    def record(self):
        return {"tensor": self.name, "scale": self.scale, "offset": self.offset, "shape": list(self.shape)}


def sample(output):
    """Returns an output's shape, its spread, and values spread over all of it."""
    values = output.detach().to(torch.float64).flatten().numpy()
    index = [(j * 2654435761) % values.size for j in range(min(KEPT, values.size))]
    return {
        "shape": list(output.shape),
        "mean": values.mean(),
        "std": values.std(),
        "absmax": numpy.abs(values).max(),
        "index": index,
        "value": [float(values[i]) for i in index],
    }


def write(file, image, shapes, outputs, points=None, labels=None):
    """Writes one fixture. `points` [prompts][points][x, y] and `labels` [prompts][points] are in the model's frame."""
    fixture = {"image_size": image.shape[-1], "input": image.record(), "state_dict": shapes}
    if points is not None:
        fixture["points"] = points
        fixture["labels"] = labels
    for name, output in outputs.items():
        fixture[name] = sample(output)
    with open(file, "w", encoding="utf8") as handle:
        json.dump(fixture, handle)


def _uniform(name, count):
    """One number in [0, 1) for each flat index, exact in a double."""
    state = 0x811C9DC5
    for byte in name.encode("utf8"):
        state = ((state ^ byte) * 0x01000193) & 0xFFFFFFFF
    mixed = _mix(_mix(numpy.arange(count, dtype=numpy.uint32)) ^ numpy.uint32(state))
    return (mixed >> numpy.uint32(8)).astype(numpy.float64) / 2**24


def _mix(words):
    words = words ^ (words >> numpy.uint32(16))
    words = words * numpy.uint32(0x7FEB352D)
    words = words ^ (words >> numpy.uint32(15))
    words = words * numpy.uint32(0x846CA68B)
    return words ^ (words >> numpy.uint32(16))
