"""EfficientSAM as its authors publish it: the package efficient_sam of a clone, which PYTHONPATH names, on PyTorch."""

import numpy
import torch

from sam_bench_external import serve
from torch_adapter import TorchAdapter, require, version_of

require("efficient_sam", "git clone https://github.com/yformer/EfficientSAM && export PYTHONPATH=$PWD/EfficientSAM")

import efficient_sam
from efficient_sam.efficient_sam import EfficientSam
from efficient_sam.efficient_sam_decoder import MaskDecoder, PromptEncoder
from efficient_sam.efficient_sam_encoder import ImageEncoderViT
from efficient_sam.two_way_transformer import TwoWayTransformer


class TorchEfficientSam(TorchAdapter):
    name = "EfficientSAM on PyTorch"
    packages = ["torch", "numpy"]
    versions = {"efficient_sam": version_of(efficient_sam, "efficient_sam")}
    # The decoder returns its multimask tokens alone, in their order; what follows them is the protocol's choice.
    tokens = {"multimask": [0, 1, 2]}
    supports = {"answers": "masks", "maxPoints": 6}

    def build(self, sizes):
        """The authors' classes in the preset's sizes, wired as their build_efficient_sam wires them."""
        decoder = sizes["decoder"]
        width, side, grid = decoder["embedding"], sizes["side"], decoder["grid"]
        norm, gelu, neck = "layer_norm", torch.nn.GELU, [width, width]
        patches = (side, sizes["patch"], 3, sizes["width"])
        encoder = ImageEncoderViT(*patches, norm, sizes["depth"], sizes["heads"], 4.0, neck, gelu)
        mask_decoder = MaskDecoder(
            transformer_dim=width,
            transformer=TwoWayTransformer(2, width, decoder["heads"], decoder["mlp"], gelu, False),
            num_multimask_outputs=3,
            activation=gelu,
            normalization_type=norm,
            normalize_before_activation=False,
            iou_head_depth=2,
            iou_head_hidden_dim=decoder["iouHead"],
            upscaling_layer_dims=[width // 4, width // 8],
        )
        return EfficientSam(encoder, PromptEncoder(width, (grid, grid), (side, side)), 6, mask_decoder)

    def set_image(self, image, stage):
        with self.inference():
            with stage("prepare"):
                pixels = numpy.frombuffer(image.pixels, numpy.uint8).reshape(image.height, image.width, 3)
                photo = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float().div(255)
                model_input = self.model.preprocess(photo)
                self.size = (image.height, image.width)
            with stage("encode"):
                self.embedding = self.model.image_encoder(model_input).float()

    def decode(self, prompts, which, stage):
        for prompt in prompts:
            with self.inference():
                with stage("decode"):
                    low_res, iou = self.model.predict_masks(self.embedding, *placed(prompt), True, *self.size)
                with stage("postprocess"):
                    # As predict_masks enlarges them itself, where it is given the output's size.
                    logits = torch.nn.functional.interpolate(low_res[0].float(), self.size, mode="bicubic")
                    masks = (logits >= 0)[0].numpy()
            yield iou[0, 0].float().tolist(), masks


def placed(prompt):
    """Points in image pixels and their labels; a box is two points, labelled 2 and 3. The model fills up to six."""
    corners = [] if prompt.box is None else [(*prompt.box[:2], 2), (*prompt.box[2:], 3)]
    rows = [*prompt.points, *corners]
    points = torch.tensor([[[row[:2] for row in rows]]], dtype=torch.float)
    return points, torch.tensor([[[row[2] for row in rows]]], dtype=torch.int)


if __name__ == "__main__":
    serve(TorchEfficientSam())
