/**
 * Bounds on what a stranger's file can ask for, and on how long this program waits for foreign code. SECURITY.md lists each of
 * them with its number, and a test compares the two.
 */
export const limits = {
  /** Pixels of a photo, of a mask's picture, and of a stored run-length mask: checked before anything is allocated. */
  imagePixels: 2 ** 28,
  /** Steps that a pickle may take in all: instructions, copied items, members of modules, wrappings of a tensor. */
  pickleSteps: 1_000_000,
  /** Characters of a tensor's name. */
  tensorName: 1_000,
  /** Bytes of one tensor, as it is stored. */
  tensorBytes: 2 ** 32,
  /** Bytes of a download whose length nobody gives. */
  downloadBytes: 2 ** 34,
  /** Least deadline of a call to a worker, in ms, if an earlier call of its kind has been answered. */
  callMs: 60_000,
  /** A call may take this many times as long as the slowest earlier call of its kind. */
  callFactor: 20,
  /** Milliseconds of a first call, of loading a model and of a step of a calibration. */
  firstCallMs: 1_800_000,
  /** Milliseconds in which a worker that is let go has to end by itself. */
  closeMs: 10_000,
  /** Milliseconds in which a plug-in's module has to be loaded. */
  pluginLoadMs: 60_000,
  /** Values inside one another in one element of a dataset's JSON that only the slower of the two parsers reads. */
  jsonDepth: 500,
  /** Largest distance of a polygon's corner from the image's corner, in px; an annotation beyond is left out with a warning. */
  polygonCoordinatePx: 1_000_000,
  /** Nodes of an ONNX file that a user gives, with those of graphs inside nodes. */
  onnxNodes: 50_000,
  /** Graphs of an ONNX file may lie inside one another this deep. */
  onnxNesting: 16,
  /** Bytes of the `model.json` that `bench onnx` writes beside graphs. */
  modelJsonBytes: 1_048_576,
  /** Bytes of the runtime's profile of a session. */
  traceBytes: 2 ** 28,
  /** Milliseconds in which an ONNX file's decoder has to answer one prompt before a run begins. */
  onnxTrialMs: 60_000,
  /** Bytes of a line that another process sends as an answer. */
  externalLineBytes: 1_048_576,
  /** Milliseconds in which it has to say what it is, libraries loaded and weights not. */
  externalHelloMs: 120_000,
  /** Bytes of one message of a page's connection: longer answers come in pieces of this size. */
  pageMessageBytes: 2 ** 16,
  /** Bytes of the outputs of one photo that a page sends to be compared with the processor's. */
  pageOutputBytes: 2 ** 30,
} as const;
