import { type ClusterJob, shardCommand } from "./job.ts";

export interface KubernetesOptions {
  /** Name of a container image with sam-bench on its PATH. */
  readonly container: string;
  /** Claim of a volume that all pods can write; results, home and datasets lie on it. */
  readonly volumeClaim: string;
}

const mount = "/sam-bench";
const defaults = { retries: 3 };

/**
 * Returns an indexed Job: pod i takes shard i + 1. A pod that dies is started again and goes on from what is on the volume.
 * Source: kubernetes.io, Jobs, "completion mode"; JOB_COMPLETION_INDEX counts from 0.
 */
export function kubernetesJob(job: ClusterJob, { container, volumeClaim }: KubernetesOptions) {
  const command = shardCommand(job, "$((JOB_COMPLETION_INDEX + 1))");
  return {
    apiVersion: "batch/v1" as const,
    kind: "Job" as const,
    metadata: { name: "sam-bench-shards" },
    spec: {
      completionMode: "Indexed",
      completions: job.shards,
      parallelism: job.shards,
      backoffLimitPerIndex: defaults.retries,
      template: {
        spec: {
          restartPolicy: "Never",
          containers: [
            {
              name: "shard",
              image: container,
              workingDir: mount,
              command: ["/bin/sh", "-c", `exec ${command}`],
              env: [{ name: "SAM_BENCH_HOME", value: job.home }],
              resources: { requests: { cpu: String(job.threads) }, limits: { cpu: String(job.threads) } },
              volumeMounts: [{ name: "shared", mountPath: mount }],
            },
          ],
          volumes: [{ name: "shared", persistentVolumeClaim: { claimName: volumeClaim } }],
        },
      },
    },
  };
}
