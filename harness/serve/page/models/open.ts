import type { ClickedModel, Loading, OpenModel } from "../contract.ts";
import type { ModelLink } from "./link.ts";
import { socketLink } from "./socketLink.ts";
import { workerLink } from "./workerLink.ts";

/** Opens a model where the page's description says that it computes. */
export const openModel: OpenModel = (model): ClickedModel => {
  let link: ModelLink | undefined;
  const loaded = (): ModelLink => {
    if (link === undefined) throw new Error(`${model.name}: a question before load`);
    return link;
  };
  return {
    async load(progress) {
      const began = performance.now();
      const { downloadBytes: total } = model;
      // What the page counts as it arrives lacks the scripts, which the browser loads by itself.
      const told = ({ bytes, compiling }: Omit<Loading, "total">) =>
        progress({ bytes: Math.min(bytes, total), total, compiling });
      link = model.place === "page" ? workerLink(model.name, told) : socketLink(model.name);
      const facts = await link.ask("load", { model: model.name });
      if (model.place === "page") progress({ bytes: total, total });
      return { ...facts, loadMs: performance.now() - began };
    },
    encode: async (photo) => loaded().ask("encode", photo),
    decode: async (prompt) => loaded().ask("decode", prompt),
    close: () => link?.close(),
  };
};
