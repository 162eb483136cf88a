"""What adapters of PyTorch code share: a file's weights, threads, precision, compilation, and the versions of clones."""

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import pathlib
import sys

import torch

from sam_bench_external import Adapter, Problem, read_safetensors, serve


class TorchAdapter(Adapter):
    """An adapter whose `build(sizes)` returns the authors' module, with an `image_encoder`, in a preset's sizes."""

    #: Beginnings of names that inference does not use, and that a file may lack.
    unused = ()

    def build(self, sizes):
        raise NotImplementedError

    def load(self, model):
        torch.set_num_threads(model.threads)
        self.dtype = torch.bfloat16 if model.setting == "bf16" else None
        self.model = self.build(model.sizes)
        missing, unknown = self.model.load_state_dict(state_dict(model.weights), strict=False)
        missing = [name for name in missing if not name.startswith(self.unused)]
        if missing or unknown:
            found = f"lacks {len(missing)} {missing[:2]}, has {len(unknown)} of another model {unknown[:2]}"
            raise Problem(f"{pathlib.Path(model.weights).name}: tensors are not the preset's: {found}")
        # After the weights: TinyViT gathers its attention biases here.
        self.model.eval()
        if model.setting == "compile":
            self.model.image_encoder = torch.compile(self.model.image_encoder)
        side = model.sizes["side"]
        with self.inference():
            self.model.image_encoder(torch.zeros(1, 3, side, side))

    @contextlib.contextmanager
    def inference(self):
        """No gradients, and bfloat16 where the setting asks for it."""
        autocast = torch.autocast("cpu", dtype=self.dtype, enabled=self.dtype is not None)
        with torch.inference_mode(), autocast:
            yield


class Missing(Adapter):
    """Says that the authors' module is not here, and what brings it."""

    def __init__(self, module, hint):
        self.module, self.hint = module, hint

    def describe(self, model):
        raise Problem(f"the package {self.module} is not found", self.hint)


def require(module, hint):
    """Goes on if the authors' module is found. If it is not, the hint is the answer to hello, and the program ends with it."""
    if importlib.util.find_spec(module) is None:
        serve(Missing(module, hint))
        sys.exit()


def state_dict(path):
    """Returns the tensors of a file. EfficientSAM's authors put theirs into a field "model"."""
    if not path.endswith(".safetensors"):
        tensors = torch.load(path, map_location="cpu", weights_only=True)
        return tensors["model"] if isinstance(tensors.get("model"), dict) else tensors
    types = {"F32": torch.float32, "F16": torch.float16, "I64": torch.int64}
    return {
        name: torch.frombuffer(bytearray(data), dtype=types[dtype]).reshape(dims).float()
        for name, dtype, dims, data in read_safetensors(path)
    }


def version_of(module, distribution):
    """Returns the version of the distribution that the module comes from, or what tells a clone's sources from others."""
    folder = pathlib.Path(module.__file__).resolve().parent
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        installed = importlib.metadata.distribution(distribution)
        if pathlib.Path(installed.locate_file(folder.name)).resolve() == folder:
            return installed.version
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*.py")):
        digest.update(f"{file.relative_to(folder)}\0".encode())
        digest.update(file.read_bytes())
    return f"sources {digest.hexdigest()[:12]}"
