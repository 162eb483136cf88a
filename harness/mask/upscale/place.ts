import type { Box, Rle, Size } from "../../api.ts";
import { columnRuns, maskFromColumns } from "../columnRuns.ts";

/** Makes the mask of a part of an image a mask of the image. `box`, of whole pixels, is the place of the part. */
export function placeMask(mask: Rle, box: Box, image: Size): Rle {
  const { height, width } = mask.size;
  if (height !== box.y1 - box.y0 || width !== box.x1 - box.x0)
    throw new Error(`a mask of ${height} x ${width} for a part of ${box.y1 - box.y0} x ${box.x1 - box.x0}`);
  const runs = columnRuns(mask, "inside");
  return maskFromColumns(
    runs.map(({ x, top, bottom }) => ({ x: x + box.x0, top: top + box.y0, bottom: bottom + box.y0 })),
    image,
  );
}
