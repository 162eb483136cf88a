/**
 * The numbers that norms add to a variance before they divide by its square root. Published models differ in them, and seeded
 * weights hardly show a wrong one, so each number stands here once with its source.
 */
export const epsilons = {
  /**
   * LayerNorms of a ViT encoder's blocks. Sources: segment_anything/build_sam.py; efficient_sam/efficient_sam_encoder.py;
   * sam2/modeling/backbones/hieradet.py; modeling/backbones/vitdet.py of EfficientTAM. Methods on SAM's encoder keep its number.
   */
  vit: 1e-6,
  /**
   * LayerNorms over the channels of an image: the encoder's neck, and the decoder's mask input and upscaling.
   * Source: LayerNorm2d of segment_anything/modeling/common.py.
   */
  imageChannels: 1e-6,
  /** LayerNorms of the two-way transformer: PyTorch's default. Source: segment_anything/modeling/transformer.py. */
  twoWayTransformer: 1e-5,
  /** The group norm of EfficientSAM's upscaling: PyTorch's default. Source: efficient_sam/efficient_sam_decoder.py. */
  groupNorm: 1e-5,
  /** LayerNorms of TinyViT's blocks: PyTorch's default. Source: mobile_sam/modeling/tiny_vit_sam.py. */
  tinyVit: 1e-5,
  /** Batch norms of TinyViT: PyTorch's default. Source: Conv2d_BN of mobile_sam/modeling/tiny_vit_sam.py. */
  tinyVitBatchNorm: 1e-5,
  /**
   * EfficientViT-SAM sets all of its norms to this number once the model is made, those of the two-way transformer included.
   * Source: set_norm_eps, called by efficientvit/sam_model_zoo.py.
   */
  efficientVit: 1e-6,
  /** EfficientViT's linear attention adds this to the sum that it divides by. Source: LiteMLA of efficientvit/models/nn/ops.py. */
  linearAttention: 1e-15,
  /**
   * Batch norms of RepViT: PyTorch's default. Sources: Conv2d_BN and RepVGGDW of repvit_sam/modeling/repvit.py; ConvNorm of
   * timm/models/repvit.py, which EdgeTAM has.
   */
  repVitBatchNorm: 1e-5,
  /** Batch norms of FastSAM's network: ultralytics sets its own. Source: initialize_weights of ultralytics/utils/torch_utils.py. */
  yoloBatchNorm: 1e-3,
} as const;
