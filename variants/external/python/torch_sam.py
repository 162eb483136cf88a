"""Segment Anything as its authors publish it: the package segment-anything on PyTorch, and its SamPredictor."""

from functools import partial

import torch
from segment_anything import SamPredictor, modeling

from sam_bench_external import serve
from torch_predictor import PredictorAdapter, sam_around


class TorchSam(PredictorAdapter):
    name = "segment-anything on PyTorch"
    packages = ["torch", "segment-anything", "torchvision", "numpy", "pillow"]
    predictor_class = SamPredictor

    def build(self, sizes):
        """The authors' classes in the preset's sizes, wired as their build_sam wires them."""
        encoder = modeling.ImageEncoderViT(
            depth=sizes["depth"],
            embed_dim=sizes["width"],
            img_size=sizes["side"],
            mlp_ratio=4,
            norm_layer=partial(torch.nn.LayerNorm, eps=1e-6),
            num_heads=sizes["heads"],
            patch_size=sizes["patch"],
            qkv_bias=True,
            use_rel_pos=True,
            global_attn_indexes=sizes["globalBlocks"],
            window_size=sizes["window"],
            out_chans=sizes["decoder"]["embedding"],
        )
        return sam_around(encoder, sizes, modeling)


if __name__ == "__main__":
    serve(TorchSam())
