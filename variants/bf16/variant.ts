import { pluginOf } from "../storage/plugin.ts";

export default pluginOf({
  id: "bf16",
  type: "bfloat16",
  title: "bfloat16",
  paper: { title: "A Study of BFLOAT16 for Deep Learning Training", arxiv: "1905.12322", year: 2019 },
  // The toy models have at most 0.0056, on the processor, where weights alone are rounded.
  embeddingBound: 0.015,
});
