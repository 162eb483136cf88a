import type { RgbImage, Rle, Size } from "./pixels.ts";
import type { Box } from "./prompts.ts";
import type { DownloadGroup } from "./published.ts";

export type ImageId = number;

export interface ImageRecord {
  readonly id: ImageId;
  readonly fileName: string;
  readonly size: Size;
}

export interface Category {
  readonly id: number;
  readonly name: string;
  /** LVIS: by the number of training images (rare < 10, common < 100). */
  readonly frequency?: "rare" | "common" | "frequent";
}

export interface Annotation {
  readonly id: number;
  readonly image: ImageId;
  readonly category: number;
  readonly mask: Rle;
  /** As the file gives it; a few pixels off the mask in some releases. */
  readonly box: Box;
  /** As the file gives it: size splits go by it. */
  readonly areaPx: number;
  readonly crowd: boolean;
  /** LVIS's `ignore`: neither to be found nor a mistake to find. Rules of COCO do not know it. */
  readonly ignored?: boolean;
}

/** What LVIS says of an image's categories. */
export interface FederatedLists {
  /** Known to be absent. */
  readonly negative: ReadonlySet<number>;
  /** Not every instance is annotated. */
  readonly notExhaustive: ReadonlySet<number>;
}

/** What is prompted: an annotation, or a detector's box. */
export interface Target {
  readonly id: number;
  readonly image: ImageId;
  readonly category: number;
  readonly box: Box;
  readonly areaPx: number;
  readonly crowd: boolean;
  /** Absent for a detector's box. */
  readonly mask?: Rle;
  /** The detector's score. */
  readonly score?: number;
}

/** Numbers that stand for ids of 2^52 and more, and the digits that the file has. */
export interface OriginalIds {
  readonly images: readonly (readonly [number: number, digits: string])[];
  readonly categories: readonly (readonly [number: number, digits: string])[];
}

/** How well two people's masks of the same things agree: what no model can be asked to pass by much. */
export interface HumanAgreement {
  /** Mean over the pairs, 0 … 1. */
  readonly meanIou: number;
  readonly pairs: number;
  /** Whose masks of which photos were compared, and how pairs were found: a figure of other photos is no bound of these. */
  readonly compared: string;
}

export interface Dataset {
  readonly id: string;
  readonly images: readonly ImageRecord[];
  readonly categories: readonly Category[];
  /** Changes whenever an image list, an annotation or a mask does. */
  readonly fingerprint: string;
  /** Ids of all images that the data have, those that were not asked for too: by them a results file is told from another's. */
  readonly knownImages?: ReadonlySet<ImageId>;
  /** Where ids of the data are larger than a number holds: the numbers that stand for them here, with the digits of the file. */
  readonly originalIds?: OriginalIds;
  /** Absent where nobody annotated twice, and where masks are drawn. */
  readonly humanAgreement?: HumanAgreement;
  /** What a reader of the results must know: annotations left out and why, with counts. */
  readonly warnings: readonly string[];
  /** Whose work the photos and annotations are, and under which licences: a line each, shown wherever results are. */
  readonly credits?: readonly string[] | undefined;
  /** Annotation files that it was read from, by which a run knows that a pulled one is as it came; absent where masks are drawn. */
  readonly files?: readonly string[];
  read(image: ImageId): Promise<RgbImage>;
  /** The file that `read` decodes; absent where images are drawn. By its bytes a run knows that a photo was replaced. */
  photoFile?(image: ImageId): Promise<string>;
  /** Prompted. */
  targetsOf(image: ImageId): readonly Target[];
  /** Scored against. */
  annotationsOf(image: ImageId): readonly Annotation[];
  /** LVIS's; absent where the data has no such lists. */
  listsOf?(image: ImageId): FederatedLists;
}

export interface DatasetOptions {
  /** `--data`: the folder with photos and annotation files. */
  readonly data?: string;
  readonly limit?: number;
  readonly images?: readonly ImageId[];
  readonly seed: number;
  /**
   * Images to learn from, not to score: a drawn data set draws them from a stream of their own, which no run reads, and one
   * with a published split takes its training photos. A search scores its candidates on the images that a run scores.
   */
  readonly purpose?: "calibration" | "search";
  /** A folder for what is worth keeping of large files until the next time; nothing is kept without it. */
  readonly cache?: string;
}

export interface DatasetPlugin {
  readonly id: string;
  readonly title: string;
  /** One line: what it reads and how to get it. */
  readonly about: string;
  /**
   * Where the images are from if not from a folder of the user's, so that `--data` is refused: they are drawn from the seed, as
   * many as are asked for, or they are shipped with the plug-in.
   */
  readonly own?: "drawn" | "shipped";
  /** What `bench pull` brings of it. */
  readonly downloads?: readonly DownloadGroup[];
  /** `notice` is told what the user may wonder about while it takes its time. */
  open(options: DatasetOptions, notice?: (text: string) => void): Promise<Dataset>;
}
