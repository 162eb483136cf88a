/** A file that its authors publish: its address, and the size and hash by which it is recognised. */
export interface PublishedFile {
  readonly id: string;
  readonly url: string;
  /** Absent where the authors publish no size and no hash; both are then recorded at the first download. */
  readonly bytes?: number;
  readonly sha256?: string;
  /** Absent where the publisher states none. */
  readonly licence?: string;
  /**
   * Present where the licence restricts what the file may be used for: `bench pull` asks that it be accepted by its name, and
   * tables with a row on the file say so.
   */
  readonly terms?: LicenceTerms;
  /** The file's own name, where the address does not end in it. */
  readonly name?: string;
  /** One of the small models that `bench pull --small` brings. */
  readonly small?: true;
  /** Format of the archive that holds the file; `bench pull` unpacks it. */
  readonly archive?: "zip";
}

/** Says what a licence asks of whoever uses a file. */
export interface LicenceTerms {
  /** The restriction in a few words: `non-commercial use only`. */
  readonly summary: string;
  /** Address of the licence's text. */
  readonly url: string;
}

/** Files that lie in one folder once they are downloaded, for `--data`. */
export interface DownloadGroup {
  readonly id: string;
  readonly title: string;
  readonly files: readonly PublishedFile[];
}
