/** Returns the nearest whole number; of two equally near ones the higher. */
export function halfUp(value: number): number {
  return Math.floor(value + 0.5);
}

/** Returns the nearest whole number; of two equally near ones the even one, as Python's round and OpenCV's cvRound. */
export function halfToEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
