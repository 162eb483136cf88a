/** A part of a picture file: a JPEG's segment, a PNG's chunk or a WebP's, without its name, length and checksum. */
export interface FilePart {
  /** Name as the format writes it; a JPEG's marker by two digits: `e1`. */
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Returns the parts of a JPEG up to its pixels, or of a PNG or a WebP up to its end. A file that is cut short ends with the part
 * that is.
 */
export function partsOf(bytes: Uint8Array): readonly FilePart[] {
  if (bytes[0] === 0xff) return jpegSegments(bytes);
  return bytes[0] === 0x89
    ? chunks(bytes, { from: 8, bigEndian: "yes" })
    : chunks(bytes, { from: 12, bigEndian: "no" });
}

function jpegSegments(bytes: Uint8Array): readonly FilePart[] {
  const view = viewOf(bytes);
  const parts: FilePart[] = [];
  for (let at = 2; at + 4 <= bytes.length; ) {
    // A marker may have any number of fill bytes before it.
    if (bytes[at + 1] === 0xff) {
      at++;
      continue;
    }
    const name = bytes[at + 1]!.toString(16).padStart(2, "0");
    const end = Math.min(at + 2 + view.getUint16(at + 2), bytes.length);
    if (bytes[at] !== 0xff || end < at + 4) break;
    parts.push({ name, start: at + 4, end });
    if (name === "da") break;
    at = end;
  }
  return parts;
}

interface Layout {
  /** Place of the first chunk. */
  readonly from: number;
  readonly bigEndian: "yes" | "no";
}

/** PNG writes length, name, data and a checksum; WebP name, length and data, filled up to an even length. */
function chunks(bytes: Uint8Array, { from, bigEndian }: Layout): readonly FilePart[] {
  const view = viewOf(bytes);
  const isPng = bigEndian === "yes";
  const parts: FilePart[] = [];
  for (let at = from; at + 8 <= bytes.length; ) {
    const length = view.getUint32(isPng ? at : at + 4, !isPng);
    const start = at + 8;
    parts.push({
      name: String.fromCharCode(...bytes.subarray(isPng ? at + 4 : at, isPng ? at + 8 : at + 4)),
      start,
      end: Math.min(start + length, bytes.length),
    });
    at = start + length + (isPng ? 4 : length % 2);
  }
  return parts;
}

export function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
