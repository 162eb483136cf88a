import type { ImageId, Size } from "../../api.ts";
import type { Fault } from "../json/fields.ts";

/** An image as the file has it. Parts that only photos or masks need may be missing or wrong; then `faults` say why. */
export interface FileImage {
  readonly id: ImageId;
  readonly fileName?: string;
  readonly size?: Size;
  readonly faults?: { readonly fileName?: Fault; readonly size?: Fault };
  /** The photo's address, whose last two parts name folder and file; LVIS v1 has no other name. */
  readonly url?: string;
  /** LVIS: categories known to be absent. */
  readonly negativeCategories?: readonly number[];
  /** LVIS: categories of which not every instance is annotated. */
  readonly notExhaustiveCategories?: readonly number[];
}
