import type { ClusterJob } from "../../cluster/job.ts";
import { kubernetesJob } from "../../cluster/kubernetes.ts";
import { HarnessError } from "../../errors.ts";
import type { Option } from "../../plan/options.ts";
import { type Arguments, type Console, line, type UnusedOptions } from "./command.ts";

/** Options of `bench slurm` that only a Kubernetes job reads. */
export const kubernetesOptions: Readonly<Record<"container" | "volume-claim", Option>> = {
  container: { describe: "kubernetes: image with sam-bench", type: "string", default: "sam-bench" },
  "volume-claim": { describe: "kubernetes: volume that all pods write", type: "string", default: "sam-bench" },
};

export const kubernetesUnused: UnusedOptions = {
  when: "the jobs are SLURM's",
  holds: ({ target }) => target !== "kubernetes",
  options: Object.keys(kubernetesOptions),
};

/** Prints the job's manifest for kubectl. Throws HarnessError without `--dry-run`: nothing is submitted from here. */
export function printKubernetes(job: ClusterJob, args: Arguments, console: Console): number {
  if (!args["dry-run"])
    throw new HarnessError("--target kubernetes: is printed, not submitted", {
      hint: "bench slurm --target kubernetes --dry-run … | kubectl apply -f -; then bench merge and bench run --phase latency",
    });
  const options = { container: args.container as string, volumeClaim: args["volume-claim"] as string };
  // Paths of this machine mean nothing in a pod: there, all lies on the volume.
  const inPod = { ...job, command: ["sam-bench"], results: args.results as string, home: "home" };
  line(console, JSON.stringify(kubernetesJob(inPod, options), undefined, 2));
  return 0;
}
