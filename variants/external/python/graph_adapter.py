"""What adapters of other runtimes share: the harness's reference graphs, prepared for and asked as its own are."""

import numpy
from PIL import Image

from sam_bench_external import Adapter

#: Segment Anything's normalisation: a byte has 256 values a channel.
MEAN, STD = numpy.array([123.675, 116.28, 103.53]), numpy.array([58.395, 57.12, 57.375])
NORMALISED = ((numpy.arange(256)[:, None] - MEAN) / STD).astype(numpy.float32)
PADDING, BOX_START, BOX_END = -1, 2, 3
PROMPTS_A_CALL = 64


class GraphAdapter(Adapter):
    """An adapter that runs ONNX files. `open(file, model)` returns a function from inputs to outputs, both arrays by name."""

    def open(self, file, model):
        raise NotImplementedError

    def describe(self, model):
        self.side, self.logits_side = model.sizes["side"], 4 * model.sizes["decoder"]["grid"]
        self.supports = {"answers": "logits", "logitsSide": self.logits_side, "maskInput": True}

    def load(self, model):
        graphs = model.graphs
        self.encoder, self.decoder = self.open(graphs["encoder"], model), self.open(graphs["decoder"], model)
        self.opened_for_masks = None
        self.open_for_masks = lambda: self.open(graphs["decoder-mask"], model)
        # Runtimes compile and allocate at first use.
        self.embedding = self.encoder({"image": numpy.zeros((1, 3, self.side, self.side), numpy.float32)})
        corners = numpy.array([[[0, 0], [self.side, self.side]]], numpy.float32)
        labels = numpy.array([[BOX_START, BOX_END]], numpy.float32)
        self.decoder({**self.embedding, "point_coords": corners, "point_labels": labels})

    def set_image(self, image, stage):
        with stage("prepare"):
            scale = self.side / max(image.height, image.width)
            self.size = image.height, image.width
            self.resized = tuple(max(int(length * scale + 0.5), 1) for length in self.size)
            pixels = numpy.frombuffer(image.pixels, numpy.uint8).reshape(*self.size, 3)
            resized = Image.fromarray(pixels).resize(self.resized[::-1], Image.Resampling.BILINEAR)
            model_input = numpy.zeros((1, 3, self.side, self.side), numpy.float32)
            for channel, plane in enumerate(numpy.moveaxis(numpy.asarray(resized), 2, 0)):
                model_input[0, channel, : self.resized[0], : self.resized[1]] = NORMALISED[plane, channel]
        with stage("encode"):
            self.embedding = self.encoder({"image": model_input})
        return self.resized, (0, 0), (self.side, self.side)

    def decode(self, prompts, which, stage):
        tokens = self.tokens[which]
        with stage("decode"):
            answers = [None] * len(prompts)
            for numbers in alike(prompts):
                outputs = self.decoded([prompts[number] for number in numbers])
                for number, iou, logits in zip(numbers, outputs["iou_predictions"], outputs["low_res_masks"]):
                    answers[number] = iou[tokens], logits[tokens]
        yield from answers

    def decoded(self, prompts):
        """Prompts of one shape are one batch."""
        placed = [self.placed(prompt) for prompt in prompts]
        feeds = {
            **self.embedding,
            "point_coords": numpy.array([places for places, _ in placed], numpy.float32),
            "point_labels": numpy.array([labels for _, labels in placed], numpy.float32),
        }
        if prompts[0].mask is None:
            return self.decoder(feeds)
        self.opened_for_masks = self.opened_for_masks or self.open_for_masks()
        side = self.logits_side
        masks = [numpy.frombuffer(prompt.mask, numpy.float32).reshape(1, side, side) for prompt in prompts]
        return self.opened_for_masks({**feeds, "mask_input": numpy.stack(masks)})

    def placed(self, prompt):
        """Places and labels in the model frame: a box is two corners, and a padding point stands where there is none."""
        x_scale, y_scale = self.resized[1] / self.size[1], self.resized[0] / self.size[0]
        places = [(x * x_scale, y * y_scale) for x, y, _ in prompt.points]
        labels = [label for _, _, label in prompt.points]
        if prompt.box is None:
            return [*places, (0, 0)], [*labels, PADDING]
        x0, y0, x1, y1 = prompt.box
        corners = [(x0 * x_scale, y0 * y_scale), (x1 * x_scale, y1 * y_scale)]
        return [*places, *corners], [*labels, BOX_START, BOX_END]


def alike(prompts):
    """Yields the numbers of prompts that one call can take: of one shape, and not too many."""
    groups = {}
    for number, prompt in enumerate(prompts):
        shape = len(prompt.points), prompt.box is None, prompt.mask is None
        groups.setdefault(shape, []).append(number)
    for numbers in groups.values():
        for start in range(0, len(numbers), PROMPTS_A_CALL):
            yield numbers[start : start + PROMPTS_A_CALL]
