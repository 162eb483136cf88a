"""MobileSAM as its authors publish it: their package mobile_sam, from PyPI or a clone, on PyTorch, and its SamPredictor."""

import torch

from sam_bench_external import serve
from torch_adapter import require, version_of
from torch_predictor import PredictorAdapter, sam_around

require("mobile_sam", "pip install mobilesam-mirror==1.0.0 timm, or a clone of MobileSAM on PYTHONPATH")

import mobile_sam
from mobile_sam import modeling
from mobile_sam.modeling.tiny_vit_sam import LayerNorm2d


class OfAnySize(modeling.TinyViT):
    """TinyViT whose last grid and neck follow the sizes; the published class writes 64 x 64 tokens and 256 channels."""

    def __init__(self, embedding, **sizes):
        super().__init__(**sizes)
        width = sizes["embed_dims"][-1]
        self.neck = torch.nn.Sequential(
            torch.nn.Conv2d(width, embedding, kernel_size=1, bias=False),
            LayerNorm2d(embedding),
            torch.nn.Conv2d(embedding, embedding, kernel_size=3, padding=1, bias=False),
            LayerNorm2d(embedding),
        )

    def forward_features(self, image):
        tokens = self.patch_embed(image)
        for layer in self.layers:
            tokens = layer(tokens)
        grid = self.img_size // 16
        return self.neck(tokens.reshape(len(image), grid, grid, -1).permute(0, 3, 1, 2))


class TorchMobileSam(PredictorAdapter):
    name = "MobileSAM on PyTorch"
    packages = ["torch", "timm", "torchvision", "numpy", "pillow"]
    versions = {"mobile_sam": version_of(mobile_sam, "mobilesam-mirror")}
    predictor_class = mobile_sam.SamPredictor
    # TinyViT's classifier.
    unused = ("image_encoder.norm_head.", "image_encoder.head.")

    def build(self, sizes):
        """The authors' classes in the preset's sizes, wired as their build_sam_vit_t wires them."""
        fields = {
            "img_size": sizes["side"],
            "num_classes": sizes["classes"],
            "embed_dims": sizes["widths"],
            "depths": sizes["depths"],
            "num_heads": sizes["heads"],
            "window_sizes": sizes["windows"],
            "drop_path_rate": 0.0,
            "layer_lr_decay": 0.8,
        }
        embedding = sizes["decoder"]["embedding"]
        as_published = sizes["side"] == 1024 and embedding == 256
        encoder = modeling.TinyViT(**fields) if as_published else OfAnySize(embedding, **fields)
        return sam_around(encoder, sizes, modeling)


if __name__ == "__main__":
    serve(TorchMobileSam())
