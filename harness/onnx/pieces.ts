import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { HarnessError } from "../errors.ts";
import { type TensorPlace, withTensorsAt } from "./write.ts";

/** A range of a file beside a graph, which holds some of its tensors under a name of its own. */
export interface TensorPiece {
  readonly name: string;
  readonly file: string;
  /** Place of the first byte. */
  readonly start: number;
  readonly bytes: number;
}

/** A graph whose tensors lie in pieces of files. */
export interface GraphInPieces {
  readonly model: Uint8Array;
  readonly pieces: readonly TensorPiece[];
}

/**
 * Returns a graph of this project's writing with its tensors in pieces of so many bytes at most, for those who can not hold a file
 * of more. A piece is a range of the file that is there: no tensor is read, and none is copied.
 * Throws HarnessError where one tensor alone is larger.
 */
export function graphInPieces(file: string, pieceBytes: number): GraphInPieces {
  const written = readFileSync(file);
  const places: TensorPlace[] = [];
  withTensorsAt(written, (place) => {
    places.push(place);
    return place;
  });
  const pieces = piecesOf(places, { file, pieceBytes });
  const model = withTensorsAt(written, (place) => {
    const piece = pieces.find((each) => holds(each, place))!;
    return { location: piece.name, offset: place.offset - piece.start, length: place.length };
  });
  return { model, pieces };
}

function piecesOf(
  places: readonly TensorPlace[],
  { file, pieceBytes }: { readonly file: string; readonly pieceBytes: number },
): readonly TensorPiece[] {
  const pieces: TensorPiece[] = [];
  const inOrder = places.toSorted((a, b) =>
    a.location === b.location ? a.offset - b.offset : a.location < b.location ? -1 : 1,
  );
  for (const { location, offset, length } of inOrder) {
    if (length > pieceBytes)
      throw new HarnessError(`${basename(file)}: one of its tensors is too large`, {
        found: `${length} bytes`,
        expected: `at most ${pieceBytes} bytes`,
        hint: "measure a smaller model, or this one without --runtime web",
      });
    const last = pieces.at(-1);
    const beside = join(dirname(file), location);
    const bytes = last === undefined ? 0 : offset + length - last.start;
    if (last !== undefined && last.file === beside && bytes <= pieceBytes)
      pieces[pieces.length - 1] = { ...last, bytes };
    else pieces.push({ name: `${location}.${pieces.length + 1}`, file: beside, start: offset, bytes: length });
  }
  return pieces;
}

function holds({ file, start, bytes }: TensorPiece, { location, offset, length }: TensorPlace): boolean {
  return basename(file) === basename(location) && start <= offset && offset + length <= start + bytes;
}
