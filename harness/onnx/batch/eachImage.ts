import type { Tensor } from "../../api.ts";

type Tensors = Readonly<Record<string, Tensor>>;

/** Returns the outputs of a batch image by image, [1, …] each; they share the batch's memory. */
export function eachImage(outputs: Tensors, images: number): readonly Tensors[] {
  return Array.from({ length: images }, (_, image) =>
    Object.fromEntries(
      Object.entries(outputs).map(([name, { dims, data }]) => {
        const size = data.length / images;
        return [
          name,
          { dims: [dims[0]! / images, ...dims.slice(1)], data: data.subarray(image * size, (image + 1) * size) },
        ];
      }),
    ),
  );
}
