import { basename, dirname, resolve } from "node:path";
import { AutoProcessor, env, RawImage, SamModel } from "@huggingface/transformers";

const [folder, photo, out, ...numbers] = process.argv.slice(2); // numbers: x, y of one point or of three
const path = resolve(folder);
env.allowRemoteModels = false;
env.localModelPath = dirname(path);
const model = await SamModel.from_pretrained(basename(path)); // config.json says which dtype each graph has
const processor = await AutoProcessor.from_pretrained(basename(path));
const image = await RawImage.read(photo);
const points = Array.from({ length: numbers.length / 2 }, (_, i) => numbers.slice(2 * i, 2 * i + 2).map(Number));
const input_points = [[points]]; // of one photo, of one prompt
const input_labels = [[points.map(() => 1)]]; // 1 is foreground, 0 background
const inputs = await processor(image, { input_points, input_labels });
const { pred_masks, iou_scores } = await model(inputs);
const [masks] = await processor.post_process_masks(pred_masks, inputs.original_sizes, inputs.reshaped_input_sizes);
const best = iou_scores.data.indexOf(Math.max(...iou_scores.data)); // of three masks the one it is surest of
const size = image.width * image.height;
const mask = masks.data.slice(best * size, (best + 1) * size).map((inside) => 255 * inside);
await new RawImage(mask, image.width, image.height, 1).save(out);
