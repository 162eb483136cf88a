"""Segment Anything as its authors publish it: the package segment-anything on PyTorch, and its SamPredictor."""

from functools import partial

import numpy
import torch
from sam_bench_external import Adapter, Problem, read_safetensors, serve
from segment_anything import SamPredictor
from segment_anything.modeling import (
    ImageEncoderViT,
    MaskDecoder,
    PromptEncoder,
    Sam,
    TwoWayTransformer,
)


def build(sizes):
    """The authors' classes in the preset's sizes, wired as their build_sam wires them."""
    decoder = sizes["decoder"]
    width, side, patch = decoder["embedding"], sizes["side"], sizes["patch"]
    grid = side // patch
    return Sam(
        image_encoder=ImageEncoderViT(
            depth=sizes["depth"],
            embed_dim=sizes["width"],
            img_size=side,
            mlp_ratio=4,
            norm_layer=partial(torch.nn.LayerNorm, eps=1e-6),
            num_heads=sizes["heads"],
            patch_size=patch,
            qkv_bias=True,
            use_rel_pos=True,
            global_attn_indexes=sizes["globalBlocks"],
            window_size=sizes["window"],
            out_chans=width,
        ),
        prompt_encoder=PromptEncoder(width, (grid, grid), (side, side), 16),
        mask_decoder=MaskDecoder(
            num_multimask_outputs=3,
            transformer=TwoWayTransformer(2, width, decoder["heads"], decoder["mlp"]),
            transformer_dim=width,
            iou_head_depth=3,
            iou_head_hidden_dim=decoder["iouHead"],
        ),
    )


def state_dict(path):
    if not path.endswith(".safetensors"):
        return torch.load(path, map_location="cpu", weights_only=True)
    types = {"F32": torch.float32, "F16": torch.float16, "I64": torch.int64}
    return {
        name: torch.frombuffer(bytearray(data), dtype=types[dtype]).reshape(dims).float()
        for name, dtype, dims, data in read_safetensors(path)
    }


class TorchSam(Adapter):
    packages = ["torch", "segment-anything", "numpy"]
    name = "segment-anything on PyTorch"

    def load(self, model):
        torch.set_num_threads(model.threads)
        sam = build(model.sizes)
        sam.load_state_dict(state_dict(model.weights))
        sam.eval()
        self.dtype = torch.bfloat16 if model.setting == "bf16" else None
        if model.setting == "compile":
            sam.image_encoder = torch.compile(sam.image_encoder)
        self.predictor = SamPredictor(sam)
        side = model.sizes["side"]
        with torch.inference_mode(), self.precision():
            sam.image_encoder(torch.zeros(1, 3, side, side))

    def precision(self):
        return torch.autocast("cpu", dtype=self.dtype, enabled=self.dtype is not None)

    def set_image(self, image, stage):
        predictor = self.predictor
        with torch.inference_mode(), self.precision():
            with stage("prepare"):
                pixels = numpy.frombuffer(image.pixels, numpy.uint8).reshape(image.height, image.width, 3)
                resized = torch.as_tensor(predictor.transform.apply_image(pixels)).permute(2, 0, 1)[None]
                predictor.original_size, predictor.input_size = pixels.shape[:2], tuple(resized.shape[-2:])
                model_input = predictor.model.preprocess(resized.contiguous())
            with stage("encode"):
                predictor.features = predictor.model.image_encoder(model_input).float()
                predictor.is_image_set = True

    def decode(self, prompts, which, stage):
        model, predictor = self.predictor.model, self.predictor
        for prompt in prompts:
            if prompt.mask is not None:
                raise Problem("low-res logits are not taken")
            with torch.inference_mode(), self.precision():
                with stage("decode"):
                    sparse, dense = model.prompt_encoder(**self.placed(prompt), masks=None)
                    low_res, iou = model.mask_decoder(
                        image_embeddings=predictor.features,
                        image_pe=model.prompt_encoder.get_dense_pe(),
                        sparse_prompt_embeddings=sparse,
                        dense_prompt_embeddings=dense,
                        multimask_output=which == "multimask",
                    )
                with stage("postprocess"):
                    masks = model.postprocess_masks(low_res.float(), predictor.input_size, predictor.original_size)
                    masks = (masks > model.mask_threshold)[0].numpy()
            yield iou[0].float().tolist(), masks

    def placed(self, prompt):
        """Points and box in the model frame, as SamPredictor.predict places them."""
        transform, size = self.predictor.transform, self.predictor.original_size
        points = boxes = None
        if prompt.points:
            xy = transform.apply_coords(numpy.array([point[:2] for point in prompt.points], float), size)
            labels = torch.tensor([[point[2] for point in prompt.points]], dtype=torch.int)
            points = (torch.as_tensor(xy, dtype=torch.float)[None], labels)
        if prompt.box is not None:
            box = transform.apply_boxes(numpy.array(prompt.box, float)[None], size)
            boxes = torch.as_tensor(box, dtype=torch.float)
        return {"points": points, "boxes": boxes}


if __name__ == "__main__":
    serve(TorchSam())
