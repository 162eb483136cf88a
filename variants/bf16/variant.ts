import { pluginOf } from "../storage/plugin.ts";

export default pluginOf({
  id: "bf16",
  type: "bfloat16",
  title: "bfloat16",
  paper: { title: "A Study of BFLOAT16 for Deep Learning Training", arxiv: "1905.12322", year: 2019 },
  embeddingBound: 0.05,
});
