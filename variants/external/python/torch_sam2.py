"""SAM 2 and SAM 2.1 on photos as their authors publish them: the package sam2 on PyTorch, and its SAM2ImagePredictor."""

import numpy
import torch

from sam_bench_external import Problem, serve
from torch_adapter import TorchAdapter, require, version_of

require("sam2", "SAM2_BUILD_CUDA=0 pip install sam2==1.1.0, or a clone of facebookresearch/sam2 on PYTHONPATH")

import sam2
from sam2.build_sam import build_sam2
from sam2.modeling.backbones.hieradet import Hiera
from sam2.modeling.backbones.image_encoder import FpnNeck, ImageEncoder
from sam2.modeling.position_encoding import PositionEmbeddingSine
from sam2.modeling.sam.mask_decoder import MaskDecoder
from sam2.modeling.sam.prompt_encoder import PromptEncoder
from sam2.modeling.sam.transformer import TwoWayTransformer
from sam2.modeling.sam2_base import SAM2Base
from sam2.sam2_image_predictor import SAM2ImagePredictor


class OfAnySize(SAM2Base):
    """SAM 2 without video memory, whose heads follow the sizes; the published class writes 8 heads and 2048 channels."""

    def __init__(self, sizes):
        self.sizes = sizes["decoder"]
        encoder = image_encoder(sizes)
        switches = {"use_high_res_features_in_sam": True, "directly_add_no_mem_embed": True}
        heads = {"iou_prediction_use_sigmoid": True, "pred_obj_scores": True, "pred_obj_scores_mlp": True}
        super().__init__(encoder, None, None, image_size=sizes["side"], **switches, **heads)

    def _build_sam_heads(self):
        decoder = self.sizes
        width, side, grid = decoder["embedding"], decoder["side"], decoder["grid"]
        self.sam_prompt_encoder = PromptEncoder(width, (grid, grid), (side, side), 16)
        self.sam_mask_decoder = MaskDecoder(
            transformer_dim=width,
            transformer=TwoWayTransformer(2, width, decoder["heads"], decoder["mlp"]),
            iou_head_depth=3,
            iou_head_hidden_dim=decoder["iouHead"],
            use_high_res_features=True,
            iou_prediction_use_sigmoid=True,
            pred_obj_scores=True,
            pred_obj_scores_mlp=True,
            # What build_sam2 adds to the published settings.
            dynamic_multimask_via_stability=True,
            dynamic_multimask_stability_delta=0.05,
            dynamic_multimask_stability_thresh=0.98,
        )
        self.obj_ptr_proj = self.obj_ptr_tpos_proj = torch.nn.Identity()


def image_encoder(sizes):
    """The authors' classes in the preset's sizes, wired as their YAML files wire them."""
    width, embedding, background = sizes["width"], sizes["decoder"]["embedding"], sizes["background"]
    trunk = Hiera(
        embed_dim=width,
        num_heads=sizes["heads"],
        stages=tuple(sizes["depths"]),
        global_att_blocks=tuple(sizes["globalBlocks"]),
        window_spec=tuple(sizes["windows"]),
        window_pos_embed_bkg_spatial_size=(background, background),
    )
    widths = [width * 2**stage for stage in (3, 2, 1, 0)]
    positions = PositionEmbeddingSine(embedding, normalize=True, scale=None, temperature=10000)
    neck = FpnNeck(positions, embedding, widths, fpn_top_down_levels=[2, 3], fpn_interp_model="nearest")
    return ImageEncoder(trunk, neck, scalp=1)


class TorchSam2(TorchAdapter):
    name = "sam2 on PyTorch"
    packages = ["torch", "torchvision", "hydra-core", "numpy", "pillow"]
    versions = {"sam2": version_of(sam2, "sam2")}
    # Of a nano checkpoint: what frames of a video need.
    unused = ("maskmem_tpos_enc", "no_mem_pos_enc", "no_obj_ptr")

    def describe(self, model):
        self.preset = model.preset

    def build(self, sizes):
        """The published model with build_sam2's defaults; a nano preset has no published settings."""
        release, size = self.preset.split("-")
        if size == "nano":
            return OfAnySize(sizes)
        return build_sam2(f"configs/{release}/{release}_hiera_{size}.yaml", device="cpu")

    def load(self, model):
        super().load(model)
        self.predictor = SAM2ImagePredictor(self.model)
        side = model.sizes["side"]
        self.predictor._bb_feat_sizes = [(side // stride, side // stride) for stride in (4, 8, 16)]
        self.transforms = self.predictor._transforms
        # The predictor enlarges masks while it predicts; here that is a stage of its own.
        self.enlarged = self.transforms.postprocess_masks
        self.transforms.postprocess_masks = lambda low_res, size: low_res

    def set_image(self, image, stage):
        """As SAM2ImagePredictor.set_image, its steps timed apart."""
        predictor, model = self.predictor, self.model
        with self.inference():
            with stage("prepare"):
                pixels = numpy.frombuffer(image.pixels, numpy.uint8).reshape(image.height, image.width, 3)
                predictor.reset_predictor()
                predictor._orig_hw = [pixels.shape[:2]]
                model_input = self.transforms(pixels.copy())[None]
            with stage("encode"):
                _, maps, _, _ = model._prepare_backbone_features(model.forward_image(model_input))
                maps[-1] = maps[-1] + model.no_mem_embed
                sized = zip(maps, predictor._bb_feat_sizes)
                *high_res, embedding = [each.permute(1, 2, 0).view(1, -1, *size).float() for each, size in sized]
                predictor._features = {"image_embed": embedding, "high_res_feats": high_res}
                predictor._is_image_set = True

    def decode(self, prompts, which, stage):
        predictor = self.predictor
        for prompt in prompts:
            if prompt.mask is not None:
                raise Problem("low-res logits are not taken")
            with self.inference():
                with stage("decode"):
                    mask_input, points, labels, box = predictor._prep_prompts(*given(prompt), None, True)
                    multimask = which == "multimask"
                    low_res, iou, _ = predictor._predict(points, labels, box, mask_input, multimask, return_logits=True)
                with stage("postprocess"):
                    logits = self.enlarged(low_res.float(), predictor._orig_hw[0])
                    masks = (logits > predictor.mask_threshold)[0].numpy()
            yield iou[0].float().tolist(), masks


def given(prompt):
    """Points, labels and box in image pixels, None where the prompt has none."""
    points = labels = box = None
    if prompt.points:
        points = numpy.array([point[:2] for point in prompt.points], float)
        labels = numpy.array([point[2] for point in prompt.points])
    if prompt.box is not None:
        box = numpy.array(prompt.box, float)
    return points, labels, box


if __name__ == "__main__":
    serve(TorchSam2())
