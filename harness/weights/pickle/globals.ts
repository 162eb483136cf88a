/**
 * The allow-list: which classes and functions a pickle may name. Naming one never imports or calls anything here,
 * whatever it is; the list exists so that a file which would run code in PyTorch is refused and not quietly read.
 * The state dict part follows torch/_weights_only_unpickler.py.
 */

import { HarnessError } from "../../errors.ts";
import { printable } from "../damage.ts";

const harmless = new Set([
  ...["OrderedDict", "defaultdict", "Counter"].map((name) => `collections.${name}`),
  ...["set", "frozenset", "list", "dict", "tuple", "int", "float", "bool", "str", "bytes", "bytearray", "complex"].map(
    (name) => `builtins.${name}`,
  ),
  "_codecs.encode",
  // Tensors that are not read, so that one of them does not refuse the file.
  ...["_rebuild_sparse_tensor", "_rebuild_sparse_csr_tensor", "_rebuild_qtensor", "_rebuild_nested_tensor"].map(
    (name) => `torch._utils.${name}`,
  ),
  ...["_rebuild_meta_tensor_no_storage", "_rebuild_device_tensor_from_numpy"].map((name) => `torch._utils.${name}`),
  ...["_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3"].map((name) => `torch._utils.${name}`),
  ...["_rebuild_parameter", "_rebuild_parameter_with_state"].map((name) => `torch._utils.${name}`),
  ...["torch.Size", "torch.device", "torch.Tensor", "torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer"],
  ...["torch._tensor._rebuild_from_type_v2", "torch.serialization._get_layout"],
  // What training checkpoints carry beside the weights: arguments, paths, scores.
  ...["argparse.Namespace", "types.SimpleNamespace", "datetime.datetime"],
  ...["PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath"].map((name) => `pathlib.${name}`),
  ...["numpy.dtype", "numpy.ndarray", "numpy._core.numeric._frombuffer", "numpy.core.numeric._frombuffer"],
  ...["scalar", "_reconstruct"].flatMap((name) => [`numpy.core.multiarray.${name}`, `numpy._core.multiarray.${name}`]),
]);

/** Typed storages and tensors, element types and layouts; a name alone, so nothing can be done with them. */
const harmlessPatterns: readonly RegExp[] = [
  /^torch\.(cuda\.)?[A-Z][A-Za-z0-9]*(Storage|Tensor)$/,
  /^torch\.storage\.(Untyped|Typed|_Legacy|_Untyped|_Typed)Storage$/,
  /^torch\.per_(tensor|channel)_(affine|symmetric)(_float_qparams)?$/,
  /^torch\.(u?int\d+|b?float\d+\w*|bool|half|float|double|short|int|long|complex\d+|q?u?int\d+(x\d)?|strided)$/,
  /^numpy\.(dtypes\.)?(u?int\d+|float\d+|bool_?|[A-Z][A-Za-z0-9]*DType)$/,
];

/** Modules and names by which pickles attack; others are refused as well, with another hint. */
const dangerous = [
  /^(os|posix|nt|subprocess|sys|pty|socket|shutil|runpy|importlib|ctypes|webbrowser|code|codeop|pickle|marshal)(\.|$)/,
  /^(commands|popen2|timeit|platform|asyncio|multiprocessing|operator|functools|_io|io|types\.(Code|Function)Type)(\.|$)/,
  /^builtins\.(eval|exec|execfile|compile|open|getattr|setattr|apply|__import__|input|globals|breakpoint)$/,
  /^torch\.(storage\._load_from_bytes|load|hub\.|jit\.|package\.|utils\.cpp_extension)/,
  /^numpy\.(testing|f2py|distutils|load|core\.numeric\.load)/,
];

/** Python 2 called its builtins otherwise; torch.save still writes those names. */
export function globalName(module: string, name: string): string {
  return `${module === "__builtin__" ? "builtins" : module}.${name}`;
}

/** Throws HarnessError unless `name` is on the list or among the caller's further inert classes. */
export function checkGlobal(name: string, label: string, inert: ReadonlySet<string>): void {
  if (harmless.has(name) || inert.has(name) || harmlessPatterns.some((pattern) => pattern.test(name))) return;
  const attack = dangerous.some((pattern) => pattern.test(name));
  throw new HarnessError(`${label}: refused, because its pickle names the global ${printable(name)}`, {
    hint: attack
      ? "this file would run code when loaded by PyTorch; do not load it there, and get the checkpoint from its authors"
      : "this file would run code when loaded by PyTorch; if you trust it, save model.state_dict() alone and use that",
  });
}
