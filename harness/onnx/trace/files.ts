import { readdirSync } from "node:fs";
import { basename, join } from "node:path";

/** Returns the profiles in a folder that are of this graph's sessions: the runtime puts the time behind the graph's name. */
export function traceFiles(folder: string, graph: string): readonly string[] {
  const name = basename(graph, ".onnx");
  const ofGraph = (file: string) =>
    file.endsWith(".json") && /^_\d/.test(file.slice(name.length)) && file.startsWith(name);
  return readdirSync(folder)
    .filter(ofGraph)
    .map((file) => join(folder, file));
}
