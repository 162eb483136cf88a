const bufferNames = /(^|\.)(running_mean|running_var|num_batches_tracked|positional_encoding_gaussian_matrix)$/;

/**
 * Returns whether PyTorch keeps the tensor as a buffer, which is state but no parameter, and which papers do not count. The name
 * tells, since state dicts do not.
 */
export function isBuffer(name: string): boolean {
  return bufferNames.test(name);
}
