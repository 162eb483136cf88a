import { type Root, readSystemFile } from "./systemFile.ts";

/** More than the kernel can number (CONFIG_NR_CPUS is 8192 at most): a longer range is a slip of the hand. */
const most = 8192;

/**
 * Returns the numbers of logical processors that a list such as `0-3,8` names, ascending and each once; nothing where the text
 * is no such list. Source: the list format of bitmap_parselist in Linux, without its strides.
 */
export function parseCpus(text: string): readonly number[] | undefined {
  const found = new Set<number>();
  for (const part of text.split(",")) {
    const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part.trim()) ?? [];
    if (first === undefined || Number(last) < Number(first) || Number(last) >= most) return undefined;
    for (let cpu = Number(first); cpu <= Number(last); cpu++) found.add(cpu);
  }
  return [...found].sort((a, b) => a - b);
}

/** Writes numbers of logical processors in the one way that a list has: ascending, neighbours as a range. */
export function formatCpus(cpus: readonly number[]): string {
  const ranges: { first: number; last: number }[] = [];
  for (const cpu of cpus) {
    const range = ranges.at(-1);
    if (range?.last === cpu - 1) range.last = cpu;
    else ranges.push({ first: cpu, last: cpu });
  }
  return ranges.map(({ first, last }) => (first === last ? String(first) : `${first}-${last}`)).join(",");
}

/** Returns the logical processors that this process may use, by its affinity and its container; nothing where it is not told. */
export function allowedCpus(root: Root = "/"): readonly number[] | undefined {
  const status = readSystemFile(root, "proc/self/status") ?? "";
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1];
  return list === undefined ? undefined : parseCpus(list);
}
