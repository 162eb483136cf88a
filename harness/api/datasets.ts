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
  /** LVIS counts the training images that show the category: rare < 10, common < 100. */
  readonly frequency?: "rare" | "common" | "frequent";
}

export interface Annotation {
  readonly id: number;
  readonly image: ImageId;
  readonly category: number;
  readonly mask: Rle;
  /** The box that the file gives; in some releases it lies a few pixels off the mask. */
  readonly box: Box;
  /** The area that the file gives. Size splits go by this area, not by the mask's. */
  readonly areaPx: number;
  readonly crowd: boolean;
  /** LVIS's `ignore`: neither to be found nor a mistake to find. Rules of COCO do not know it. */
  readonly ignored?: boolean;
}

/** LVIS lists, for each image, categories that are absent and categories that were not annotated in full. */
export interface FederatedLists {
  /** Categories that are known to be absent. */
  readonly negative: ReadonlySet<number>;
  /** Categories of which some instances are not annotated. */
  readonly notExhaustive: ReadonlySet<number>;
}

/** A target is what a prompt asks for: an annotation, or a detector's box. */
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

/** Ids of 2^52 and more do not fit a number: each has a number that stands for it, beside the digits of the file. */
export interface OriginalIds {
  readonly images: readonly (readonly [number: number, digits: string])[];
  readonly categories: readonly (readonly [number: number, digits: string])[];
}

/**
 * Two people drew masks of the same things, and this says how well they agree. A model can not be expected to do much better.
 */
export interface HumanAgreement {
  /** Mean over the pairs, 0 … 1. */
  readonly meanIou: number;
  readonly pairs: number;
  /**
   * Names whose masks of which photos were compared and how pairs were found, since a figure of other photos bounds nothing
   * here.
   */
  readonly compared: string;
}

export interface Dataset {
  readonly id: string;
  readonly images: readonly ImageRecord[];
  readonly categories: readonly Category[];
  /** Changes whenever an image list, an annotation or a mask does. */
  readonly fingerprint: string;
  /** All ids that the data have, also of images that were not asked for. They tell this set's results file from another's. */
  readonly knownImages?: ReadonlySet<ImageId>;
  /**
   * Present where ids of the data are larger than a number holds: the numbers that stand for them, with the digits of the
   * file.
   */
  readonly originalIds?: OriginalIds;
  /** Absent where nobody annotated twice, and where masks are drawn. */
  readonly humanAgreement?: HumanAgreement;
  /** Sentences that a reader of the results must know, such as which annotations were left out and why, with counts. */
  readonly warnings: readonly string[];
  /** Names whose work the photos and annotations are, and their licences: a line each, shown wherever results are. */
  readonly credits?: readonly string[];
  /** The annotation files that were read. A run compares them with what `bench pull` brought; absent where masks are drawn. */
  readonly files?: readonly string[];
  read(image: ImageId): Promise<RgbImage>;
  /** The file that `read` decodes; absent where images are drawn. By its bytes a run knows that a photo was replaced. */
  photoFile?(image: ImageId): Promise<string>;
  /** Returns what is prompted. */
  targetsOf(image: ImageId): readonly Target[];
  /** Returns what the masks are scored against. */
  annotationsOf(image: ImageId): readonly Annotation[];
  /** Returns LVIS's lists; absent where the data has none. */
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
  /** A folder where a data set may store what it has read from large files; without it, nothing is stored. */
  readonly cache?: string;
}

/** Names in a folder of the user's and in the folders right below it. No file has been opened. */
export interface FolderNames {
  readonly files: readonly string[];
  /** File names by the name of their folder. */
  readonly folders: ReadonlyMap<string, readonly string[]>;
}

export interface DatasetPlugin {
  readonly id: string;
  readonly title: string;
  /** One line that says what the plug-in reads and how to get it. */
  readonly about: string;
  /**
   * Present where the images do not come from a folder of the user's, so that `--data` is refused: either they are drawn from
   * the seed, as many as are asked for, or they are shipped with the plug-in.
   */
  readonly own?: "drawn" | "shipped";
  /** True where there are photos and no masks: latency and memory are measured, and accuracy is unknown. */
  readonly unlabelled?: true;
  /** Tells whether a folder looks like one that `--data` takes, where the user names a folder and no data set. */
  recognises?(folder: FolderNames): boolean;
  /** The files that `bench pull` downloads for this data set. */
  readonly downloads?: readonly DownloadGroup[];
  /** Opens the data set. `notice` is told what the user may wonder about while this takes its time. */
  open(options: DatasetOptions, notice?: (text: string) => void): Promise<Dataset>;
}
