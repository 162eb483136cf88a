/**
 * Reads protobuf messages field by field from a file, without a schema and without holding them in memory: a field of
 * gigabytes is stepped over. Broken bytes throw RangeError.
 */

const defaults = {
  /** Bytes that are read at a time. */
  window: 64 * 2 ** 10,
  /** Longest text that is taken for a name. */
  text: 2 ** 16,
  /** The most fields of a message that is read as a whole: a type or a shape. */
  fields: 10_000,
};

/** Fills the buffer from a place in the file, and says how much there was. */
type Read = (buffer: Uint8Array, position: number) => number;

/** A field of a message. Its content lies from `start` to `end` where it has a length: text, or a message of its own. */
export interface Field {
  readonly number: number;
  /** The value of a varint; 0 for other fields. */
  readonly value: number;
  readonly reader: MessageReader;
  readonly start: number;
  readonly end: number;
  text(): string;
  /** Throws RangeError where there are more than `most`. */
  bytes(most: number): Uint8Array;
  /** Returns a repeated whole number: one field each, or many packed into one. */
  varints(): readonly number[];
}

const wire = { varint: 0, eight: 1, length: 2, four: 5 } as const;

export class MessageReader {
  readonly #read: Read;
  readonly #size: number;
  #window = new Uint8Array(0);
  #windowStart = 0;

  constructor(read: Read, size: number) {
    this.#read = read;
    this.#size = size;
  }

  /** Returns the file as a message. */
  whole(): Field {
    return this.#field({ number: 0, value: 0, start: 0, end: this.#size });
  }

  /** Returns the field that begins at `position`, and the place of the next one. */
  fieldAt(position: number, limit: number): { readonly field: Field; readonly next: number } {
    const tag = this.#varint(position);
    const number = Math.floor(tag.value / 8);
    if (number === 0) throw new RangeError(`a field without a number at byte ${position}`);
    const kind = tag.value % 8;
    if (kind === wire.varint) {
      const { value, next } = this.#varint(tag.next);
      return { field: this.#field({ number, value, start: next, end: next }), next };
    }
    const length = kind === wire.length ? this.#varint(tag.next) : { value: fixed(kind, position), next: tag.next };
    const next = length.next + length.value;
    if (next > limit) throw new RangeError(`${length.value} bytes announced at byte ${position}, ${limit} is the end`);
    return { field: this.#field({ number, value: 0, start: length.next, end: next }), next };
  }

  #field(place: Pick<Field, "number" | "value" | "start" | "end">): Field {
    return {
      ...place,
      reader: this,
      text: () => new TextDecoder().decode(this.#bytes(place, defaults.text)),
      bytes: (most) => this.#bytes(place, most),
      varints: () => this.#varints(place),
    };
  }

  #varints({ value, start, end }: Pick<Field, "value" | "start" | "end">): readonly number[] {
    if (start === end) return [value];
    const values: number[] = [];
    for (let position = start; position < end; ) {
      const each = this.#varint(position);
      values.push(each.value);
      position = each.next;
    }
    return values;
  }

  #bytes({ start, end }: Pick<Field, "start" | "end">, most: number): Uint8Array {
    if (end - start > most) throw new RangeError(`a name or constant of ${end - start} bytes`);
    const bytes = new Uint8Array(end - start);
    if (this.#read(bytes, start) < bytes.length) throw new RangeError(`the file ends at byte ${start}`);
    return bytes;
  }

  /**
   * Reads seven bits a byte, the lowest first. Numbers beyond 2^53 lose their last digits; none that is looked at is so large.
   */
  #varint(position: number): { readonly value: number; readonly next: number } {
    let value = 0;
    let scale = 1;
    for (let next = position; next < position + 10; scale *= 128) {
      const byte = this.#byte(next++);
      value += (byte & 127) * scale;
      if (byte < 128) return { value, next };
    }
    throw new RangeError(`a number without an end at byte ${position}`);
  }

  #byte(position: number): number {
    const inside = position - this.#windowStart;
    if (inside >= 0 && inside < this.#window.length) return this.#window[inside]!;
    const buffer = new Uint8Array(Math.max(0, Math.min(defaults.window, this.#size - position)));
    this.#window = buffer.subarray(0, this.#read(buffer, position));
    this.#windowStart = position;
    if (this.#window.length === 0) throw new RangeError(`the file ends at byte ${position}`);
    return this.#window[0]!;
  }
}

/** Yields the fields of a message, in their order, one at a time. */
export function* eachField({ reader, start, end }: Field): Generator<Field, void> {
  for (let position = start; position < end; ) {
    const { field, next } = reader.fieldAt(position, end);
    yield field;
    position = next;
  }
}

/** Returns the fields of a message that holds a few. */
export function fieldsOf(message: Field): Field[] {
  const fields: Field[] = [];
  for (const field of eachField(message)) {
    if (fields.push(field) > defaults.fields) throw new RangeError(`over ${defaults.fields} fields in a declaration`);
  }
  return fields;
}

function fixed(kind: number, position: number): number {
  if (kind === wire.eight) return 8;
  if (kind === wire.four) return 4;
  throw new RangeError(`a field of kind ${kind} at byte ${position}`);
}
