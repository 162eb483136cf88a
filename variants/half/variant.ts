import { pluginOf } from "../storage/plugin.ts";

export default pluginOf({
  id: "half",
  type: "float16",
  title: "float16",
  paper: { title: "Mixed Precision Training", arxiv: "1710.03740", year: 2018 },
  embeddingBound: 0.01,
});
