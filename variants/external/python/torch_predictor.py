"""The predictor that Segment Anything's authors publish and that others took over: SamPredictor, its steps timed apart."""

import numpy
import torch

from sam_bench_external import Problem
from torch_adapter import TorchAdapter


class PredictorAdapter(TorchAdapter):
    """An adapter of a model in Segment Anything's classes. `predictor_class` is the package's SamPredictor."""

    predictor_class = None

    def load(self, model):
        super().load(model)
        self.predictor = self.predictor_class(self.model)

    def set_image(self, image, stage):
        predictor = self.predictor
        with self.inference():
            with stage("prepare"):
                pixels = numpy.frombuffer(image.pixels, numpy.uint8).reshape(image.height, image.width, 3)
                resized = torch.as_tensor(predictor.transform.apply_image(pixels)).permute(2, 0, 1)[None]
                predictor.original_size, predictor.input_size = pixels.shape[:2], tuple(resized.shape[-2:])
                model_input = self.model.preprocess(resized.contiguous())
            with stage("encode"):
                predictor.features = self.model.image_encoder(model_input).float()
                predictor.is_image_set = True

    def decode(self, prompts, which, stage):
        for prompt in prompts:
            if prompt.mask is not None:
                raise Problem("low-res logits are not taken")
            with self.inference():
                with stage("decode"):
                    low_res, iou = self.predicted(prompt, multimask=which == "multimask")
                with stage("postprocess"):
                    sizes = self.predictor.input_size, self.predictor.original_size
                    masks = self.model.postprocess_masks(low_res.float(), *sizes)
                    masks = (masks > self.model.mask_threshold)[0].numpy()
            yield iou[0].float().tolist(), masks

    def predicted(self, prompt, multimask):
        """Low-res logits and predicted IoU, as SamPredictor.predict_torch computes them."""
        encoder = self.model.prompt_encoder
        sparse, dense = encoder(**self.placed(prompt), masks=None)
        return self.model.mask_decoder(
            image_embeddings=self.predictor.features,
            image_pe=encoder.get_dense_pe(),
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
            multimask_output=multimask,
        )

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


def sam_around(image_encoder, sizes, modeling):
    """Wires a model of the package's own classes around an image encoder, as the authors' build_sam does."""
    decoder = sizes["decoder"]
    width, side, grid = decoder["embedding"], sizes["side"], decoder["grid"]
    return modeling.Sam(
        image_encoder=image_encoder,
        prompt_encoder=modeling.PromptEncoder(width, (grid, grid), (side, side), 16),
        mask_decoder=modeling.MaskDecoder(
            num_multimask_outputs=3,
            transformer=modeling.TwoWayTransformer(2, width, decoder["heads"], decoder["mlp"]),
            transformer_dim=width,
            iou_head_depth=3,
            iou_head_hidden_dim=decoder["iouHead"],
        ),
    )
