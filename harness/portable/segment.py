import json, sys, numpy as np, onnxruntime, PIL.Image
def taps(inputs, outputs, cubic):  # [outputs, inputs]: interpolation along one axis, pixel centres at half steps
    at = np.maximum(np.float32(np.float64(np.float32(inputs / outputs)) * (np.arange(outputs) + 0.5) - 0.5), -1 if cubic else 0)
    first, t = np.floor(at).astype(int), np.float64(at - np.floor(at))
    near, far = lambda x: (1.25 * x - 2.25) * x * x + 1, lambda x: ((-0.75 * x + 3.75) * x - 6) * x + 3
    kernel = {-1: far(t + 1), 0: near(t), 1: near(1 - t), 2: far(2 - t)} if cubic else {0: 1 - t, 1: t}
    return sum(np.eye(inputs)[np.clip(first + k, 0, inputs - 1)] * weight[:, None] for k, weight in kernel.items())
folder, photo, out, kind, *numbers = sys.argv[1:]  # kind: box X0 Y0 X1 Y1, or 1p X Y LABEL, or 3p with three of these
model, image = json.load(open(f"{folder}/model.json")), PIL.Image.open(photo).convert("RGB")
spec, ask, masks = model["input"], model["prompts"], model["masks"]
if ask["rules"] not in ("sam", "efficientsam"): sys.exit("this model needs more than this script does: see steps in model.json")
(w, h), side, frame, padded = image.size, spec["side"], spec.get("promptSide", spec["side"]), spec["fit"] == "pad"
placed = lambda side: [max(int(size * (side / max(h, w)) + 0.5), 1) if padded else side for size in (h, w)]
(rows, columns), (height, width) = placed(side), placed(frame)
if spec["resize"] == "pillow-bilinear": pixels = np.float64(image.resize((columns, rows), PIL.Image.Resampling.BILINEAR))
else: pixels = np.einsum("xw,ywc->yxc", taps(w, columns, False), np.float32(np.einsum("yh,hwc->ywc", taps(h, rows, False), image)))
known = {"image": np.full((1, 3, side, side), np.reshape(spec["padValue"], (-1, 1, 1)), np.float32)}
known["image"][0, :, :rows, :columns] = ((np.float32(pixels) - np.float64(spec["mean"])) / spec["std"]).transpose(2, 0, 1)
values = np.reshape(np.float64(numbers), (-1, 2 if kind == "box" else 3))
points = [(x * (width / w), y * (height / h), *(label or [2 + i])) for i, (x, y, *label) in enumerate(values)]
if ask["padding"] == "without a box" and kind != "box": points.append(ask["paddingPoint"])
known["point_coords"], known["point_labels"] = np.float32([points])[..., :2], np.float32([points])[..., 2]
for graph in (model["graphs"]["encoder"], model["graphs"]["decoder"]):
    session, names = onnxruntime.InferenceSession(f"{folder}/{graph['file']}"), [each["name"] for each in graph["outputs"]]
    known.update(zip(names, session.run(names, {each["name"]: known[each["name"]] for each in graph["inputs"]})))
low = np.float64(known["low_res_masks"][0, max(masks["choice"][kind], key=lambda token: known["iou_predictions"][0, token])])
axis = lambda resized, size: taps(resized, size, False) @ taps(len(low), frame, False)[:resized]
if masks["path"] == "direct": axis = lambda _, size: taps(len(low), size, masks["interpolation"] == "bicubic")
logits = axis(height, h) @ low @ axis(width, w).T
PIL.Image.fromarray(np.uint8(255 * (logits > 0 if masks["threshold"] == ">0" else logits >= 0))).save(out)
