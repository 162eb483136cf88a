import { execFileSync } from "node:child_process";

export interface Gpu {
  readonly name: string;
  readonly memoryBytes: number;
  readonly driver: string;
}

/** Runs the driver's tool with these arguments and returns what it prints. Throws where there is no such tool. */
type GpuTool = (args: readonly string[]) => string;

/** Runs NVIDIA's tool, which its driver puts on the path. */
const nvidiaSmi: GpuTool = (args) =>
  execFileSync("nvidia-smi", [...args], { encoding: "utf8", timeout: 10_000, stdio: ["ignore", "pipe", "ignore"] });

/** Reads the NVIDIA GPUs; there are none where the driver's tool is not installed or does not answer. */
export function readGpus(tool: GpuTool = nvidiaSmi): readonly Gpu[] {
  return table(tool, "--query-gpu=name,memory.total,driver_version").flatMap(([name, mebibytes, driver]) => {
    const memoryBytes = Number(mebibytes) * 2 ** 20;
    return name && driver && memoryBytes > 0 ? [{ name, memoryBytes, driver }] : [];
  });
}

/**
 * Returns the bytes that one process holds on all GPUs together. The runtime keeps what it once took, so that after a stage
 * this is the stage's peak. Absent where the driver's tool does not list the process: in some containers it knows other ids.
 */
export function gpuMemoryBytes(pid: number = process.pid, tool: GpuTool = nvidiaSmi): number | undefined {
  const own = table(tool, "--query-compute-apps=pid,used_memory").filter(([owner]) => Number(owner) === pid);
  const mebibytes = own.map(([, used]) => Number(used));
  if (own.length === 0 || mebibytes.some((used) => !Number.isFinite(used))) return undefined;
  return mebibytes.reduce((sum, used) => sum + used, 0) * 2 ** 20;
}

function table(tool: GpuTool, query: string): readonly (readonly string[])[] {
  try {
    const lines = tool([query, "--format=csv,noheader,nounits"]).split("\n");
    return lines.filter((line) => line.trim() !== "").map((line) => line.split(",").map((cell) => cell.trim()));
  } catch {
    return [];
  }
}
