/** Charts of a profile have these lines above what they draw. */
interface Titled {
  readonly title: string;
  readonly subtitle: string;
}

/** Times of a run by block, layer and operator; all are ms. */
export interface IciclePicture extends Titled {
  /** Time of a run of the graph whose parts take what `leaves` says, with what its nodes do not explain. */
  readonly runMs: number;
  /** The nodes of one operator in one layer, in the order in which the graph runs them. */
  readonly leaves: readonly LeafTime[];
}

export interface LeafTime {
  readonly block: string;
  readonly layer: string;
  readonly operator: string;
  readonly timeMs: number;
}

/** Times of blocks beside what the machine reaches. */
export interface BarsPicture extends Titled {
  readonly blocks: readonly BlockTime[];
}

interface BlockTime {
  readonly name: string;
  readonly timeMs: number;
  /** Share of the time that the block's products would take at the rate which large products reach; absent where it has none. */
  readonly ofCeiling?: number | undefined;
  readonly gmacsPerSecond?: number | undefined;
}
