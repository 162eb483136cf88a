/**
 * Classes that FastSAM's published checkpoints name: they pickle the whole model. Each becomes a record that does nothing,
 * and the weights are found in it by name. Both files of the authors name exactly those of `published`; those of `older` are
 * the same classes where ultralytics had them before it split nn/modules.py.
 */
const published = [
  "ultralytics.nn.tasks.SegmentationModel",
  "ultralytics.yolo.utils.IterableSimpleNamespace",
  ...["conv.Conv", "conv.Concat", "block.Bottleneck", "block.C2f", "block.SPPF", "block.DFL", "block.Proto"].map(
    (name) => `ultralytics.nn.modules.${name}`,
  ),
  ...["head.Detect", "head.Segment"].map((name) => `ultralytics.nn.modules.${name}`),
  ...["container.Sequential", "container.ModuleList", "conv.Conv2d", "conv.ConvTranspose2d"].map(
    (name) => `torch.nn.modules.${name}`,
  ),
  ...["batchnorm.BatchNorm2d", "activation.SiLU", "pooling.MaxPool2d", "upsampling.Upsample"].map(
    (name) => `torch.nn.modules.${name}`,
  ),
  // Segment keeps the function Detect.forward, which pickle writes as getattr(Detect, "forward").
  "builtins.getattr",
];

const older = [
  ...["Conv", "Concat", "Bottleneck", "C2f", "SPPF", "DFL", "Proto", "Detect", "Segment"].map(
    (name) => `ultralytics.nn.modules.${name}`,
  ),
  // Newer: what a file is written with that ultralytics saved again.
  "ultralytics.utils.IterableSimpleNamespace",
];

export const inertClasses: readonly string[] = [...published, ...older];
