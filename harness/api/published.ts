/** A file that its authors publish: where it lies, and what it is known by. */
export interface PublishedFile {
  readonly id: string;
  readonly url: string;
  /** Absent where the authors publish none: recorded at the first download. */
  readonly bytes?: number;
  readonly sha256?: string;
  /** Absent where the publisher states none. */
  readonly licence?: string;
  /** The file's own name, where the address does not end in it. */
  readonly name?: string;
  /** One of the small models that `bench pull --small` brings. */
  readonly small?: true;
  /** What it is packed into; it is kept unpacked. */
  readonly archive?: "zip";
}

/** Files that lie in one folder once they are here, for `--data`. */
export interface DownloadGroup {
  readonly id: string;
  readonly title: string;
  readonly files: readonly PublishedFile[];
}
