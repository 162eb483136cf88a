/** Codes of the characters that JSON is built of. */
export const quote = 34;
export const comma = 44;
export const minus = 45;
export const point = 46;
export const colon = 58;
export const openBracket = 91;
export const backslash = 92;
export const closeBracket = 93;
export const openBrace = 123;
export const closeBrace = 125;

export function isSpace(byte: number): boolean {
  return byte === 32 || byte === 10 || byte === 13 || byte === 9;
}

/** Returns the place of the first byte from `start` on that is not white space. */
export function afterSpace(bytes: Uint8Array, start: number): number {
  let at = start;
  while (isSpace(bytes[at]!)) at++;
  return at;
}
