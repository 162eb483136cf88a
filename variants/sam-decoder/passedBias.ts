interface Passed {
  /** The bias b: it has one number for each input of the layer. */
  readonly bias: Float32Array;
  /** The layer's weight W, [outputs, inputs]. */
  readonly matrix: Float32Array;
  /** The layer's own bias c. */
  readonly own: Float32Array;
  /** Factor of the result; 1 if left out. */
  readonly times?: number;
}

/** Returns W b + c: a linear layer of weight W and bias c passes a constant b of its input on like this. Sums are in float64. */
export function passedBias({ bias, matrix, own, times = 1 }: Passed): Float32Array {
  return own.map((value, row) => {
    let sum = value;
    for (let column = 0; column < bias.length; column++) sum += matrix[row * bias.length + column]! * bias[column]!;
    return sum * times;
  });
}
