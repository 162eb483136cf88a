const bufferNames = /(^|\.)(running_mean|running_var|num_batches_tracked|positional_encoding_gaussian_matrix)$/;

/** Whether PyTorch keeps the tensor as a buffer: state that is no parameter, and that papers do not count. By name, since state dicts do not tell. */
export function isBuffer(name: string): boolean {
  return bufferNames.test(name);
}
